"""`heartline replay`."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.base import DEFAULT_TENANT, to_milliseconds
from stream.commands.model import read_file
from stream.commands.times import moment
from stream.errors import ConfigurationError
from stream.logs import only_warnings
from stream.parallel import Advance, cores
from stream.replay.account_log import AccountLog, BrokerAccountLog, EventsAccountLog
from stream.replay.census import Census, Period
from stream.replay.folding import Chosen
from stream.replay.log import BrokerLog, EventsLog, Log
from stream.replay.outputs import Files, Nowhere, SideTopics, Target
from stream.replay.running import Replay, Span, run
from stream.settings import Settings
from stream.views import console

ModelFile = Annotated[
    Path | None, typer.Option(help="Score the tenant by this model throughout, not by those in force.", exists=True)
]
Events = Annotated[
    Path | None,
    typer.Option(help="Fold this file of events (JSON lines) as a history, without a broker.", exists=True),
]
Tenant = Annotated[str, typer.Option(help="The tenant.")]
Processes = Annotated[int | None, typer.Option(min=1, help="Processes; default: one per core.")]


def replay(
    begin: Annotated[
        datetime | None, typer.Option("--from", help="Write what went out from here on (UTC).", callback=moment)
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", help="Write what went out before (UTC).", callback=moment)
    ] = None,
    to_dir: Annotated[Path | None, typer.Option(help="Write JSON lines to this new folder, a file per topic.")] = None,
    side_topics: Annotated[
        str | None, typer.Option(metavar="SUFFIX", help="Write to topics named as those of live and this suffix.")
    ] = None,
    model: ModelFile = None,
    tenant: Annotated[
        str | None, typer.Option(help=f"Whose contacts --model scores; left out: {DEFAULT_TENANT}.")
    ] = None,
    events: Events = None,
    alerts: Annotated[
        bool, typer.Option("--alerts", help="With --events: raise alerts; a history raises none by itself.")
    ] = False,
    by: Annotated[Period, typer.Option(help="Count by year, month or day.")] = "year",
    processes: Processes = None,
) -> None:
    """Fold the log again from its beginning, by the worker's code: the same log and models give the same records, byte
    for byte. Live topics and workers are left alone.

    With neither `--to-dir` nor `--side-topics` nothing is written but the counts: contacts by band, changes, alerts.

    Examples:

    `heartline replay --from 2026-03-01 --to 2026-04-01 --to-dir march`

    `heartline replay --model stricter.yaml --side-topics .stricter`
    """
    settings = Settings()
    span = Span(0 if begin is None else to_milliseconds(begin), None if end is None else to_milliseconds(end))
    if span.end is not None and span.end <= span.first:
        raise ConfigurationError("--to must lie after --from")
    if tenant is not None and model is None:
        raise ConfigurationError("--tenant says whose contacts --model scores: without a model all are replayed")
    target, by_model = _target(to_dir, side_topics, settings), chosen(model, tenant or DEFAULT_TENANT)
    what = Replay(log_of(events, settings, alerts=alerts), span, target, by_model, by)
    only_warnings()
    began = time.monotonic()
    with progress("folding", what.log.size()) as advance:
        census = run(what, processes or cores(), advance)
    _report(census, time.monotonic() - began)


def log_of(events: Path | None, settings: Settings, *, alerts: bool = False) -> Log:
    """The log of the broker, or that of a file."""
    if events is None and alerts:
        raise ConfigurationError("--alerts is for --events: the log says of each entry whether it raises any")
    return BrokerLog(settings) if events is None else EventsLog(events, settings, alerts)


def account_log_of(events: Path | None, settings: Settings, model: Chosen | None = None) -> AccountLog:
    """The broker's log of accounts, or that of a file. Raises `ConfigurationError` for a model without a file."""
    if events is not None:
        return EventsAccountLog(events, settings, model)
    if model is not None:
        raise ConfigurationError(
            "of accounts --model is for --events: health.account-signals has what contacts gave by the models in force"
        )
    return BrokerAccountLog(settings)


def chosen(model: Path | None, tenant: str) -> Chosen | None:
    """The model of a file for a tenant. Raises `BadInput`, which names the field."""
    return None if model is None else Chosen(tenant, read_file(model))


@contextmanager
def progress(what: str, total: int) -> Iterator[Advance]:
    """A bar on a terminal, of so many steps (0: not known)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bars = Console(stderr=True)
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty(), console=bars) as bar:
        task = bar.add_task(what, total=total or None)
        yield lambda steps: bar.advance(task, steps)


def _target(to_dir: Path | None, side_topics: str | None, settings: Settings) -> Target:
    if to_dir is not None and side_topics is not None:
        raise ConfigurationError("choose one of --to-dir and --side-topics")
    if to_dir is not None:
        return Files(to_dir)
    if side_topics is not None:
        if not side_topics:
            raise ConfigurationError("the suffix of side topics must not be empty: those are the topics of live")
        return SideTopics(settings, side_topics)
    return Nowhere()


def _report(census: Census, seconds: float) -> None:
    terminal = console()
    for table in census.tables():
        terminal.print(table)
    written = ", ".join(f"{count:,} {topic}" for topic, count in sorted(census.written.items())) or "nothing"
    terminal.print(f"in the time span: {written}; {seconds:.1f} s", highlight=False)
