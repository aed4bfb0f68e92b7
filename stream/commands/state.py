"""`heartline state reset`."""

import shutil
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from schemas.catalogue import changelog
from stream.dataplane import exclusive
from stream.settings import Settings
from stream.topics import TABLE, TIMEOUT_SECONDS, Topics

app = typer.Typer(help="The state of scoring.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `reset` a command of its own name."""


@app.command()
def reset(
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="The changelog too: all workers fold the log from its beginning.")
    ] = False,
    confirm: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete this worker's local tables; the next start restores them from the changelog. Stop the worker first.

    With `--everywhere` (all scoring workers stopped) the changelog and the group's offsets go as well, and the state is
    folded anew from `health.signals`: needed when that topic was recreated. The same log gives the same scores under
    the same ids.

    Example: `HEARTLINE_DATA_DIRECTORY=/var/lib/heartline heartline state reset --yes`
    """
    settings = Settings()
    what = "the state of all scoring workers" if everywhere else f"the tables in {settings.data_directory}"
    if not confirm:
        typer.confirm(f"delete {what}?", abort=True)
    _empty(settings.data_directory)
    if everywhere:
        _forget(settings)
        typer.echo("the state is gone; the next start folds the log from its beginning")
    else:
        typer.echo(f"{settings.data_directory} is empty; the next start restores it from the changelog")


def _empty(folder: Path) -> None:
    with exclusive(folder):
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)


def _forget(settings: Settings) -> None:
    """Empty the changelog by making it anew, and forget where the group was."""
    admin = AdminClient(settings.kafka())
    table = changelog(settings.group("scoring"), TABLE)
    for future in (
        *admin.delete_topics([table.name], operation_timeout=TIMEOUT_SECONDS).values(),
        *admin.delete_consumer_groups([settings.group("scoring")]).values(),
    ):
        try:
            future.result(TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() not in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.GROUP_ID_NOT_FOUND):
                raise
    Topics(settings).create([table])
