"""`heartline worker intake|scoring|accounts|portfolios`."""

from typing import Annotated

import typer

from stream.settings import Settings, Stage


def worker(stage: Annotated[Stage, typer.Argument(help="Which stage this process runs.")]) -> None:
    """Run a worker: one process per stage and core, each but intake with a data directory of its own.

    Example: `HEARTLINE_WORKER_ID=scoring-0 HEARTLINE_DATA_DIRECTORY=/var/lib/heartline heartline worker scoring`
    """
    from stream.app import run_worker
    from stream.logs import configure_logs

    settings = Settings()
    configure_logs(settings)
    run_worker(stage, settings)
