"""`heartline import`."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from schemas.base import Event
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_CONTROL, HEALTH_PROFILES, HEALTH_SIGNALS
from schemas.decoding import encode
from stream.classifier import open_classifier
from stream.commands.progress import counted
from stream.commands.times import moment
from stream.errors import ConfigurationError
from stream.history import HistoryWriter, entries, refuse_live_log
from stream.imports import load_mapping, read_events, with_ticks
from stream.output_files import written
from stream.sending import Sender
from stream.settings import Settings
from stream.topics import Topics

HISTORY_TOPICS = (HEALTH_SIGNALS, HEALTH_ACCOUNT_SIGNALS, HEALTH_PROFILES, HEALTH_CONTROL)


def import_(
    files: Annotated[list[Path] | None, typer.Argument(help="CSV exports.", exists=True)] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="What the columns mean (examples/mappings/).", exists=True)
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(help="Write the events to a file of JSON lines instead of Kafka; - for standard output."),
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Log the events at the time they occurred, with daily ticks.")
    ] = False,
    until: Annotated[
        datetime | None, typer.Option(help="With --history: the end of the history (UTC).", callback=moment)
    ] = None,
    finish: Annotated[bool, typer.Option("--finish", help="The history is complete: the live clock goes on.")] = False,
) -> None:
    """Import a helpdesk's CSV exports.

    Live (the default) the events go to the support topics, as if they came in now. With `--history` they go to the log
    at the time they occurred; do this before the first live event, and end the last import with `--finish`: until
    then the live clock stands still.

    Examples:

    `heartline import --mapping examples/mappings/helpdesk-log.yaml --history --until 2014-01-04 tickets-helpdesk.csv`

    `heartline import --mapping examples/mappings/airline-messages.yaml --to messages.jsonl messages-airlines.csv`
    """
    if bool(files) != (mapping is not None) or not (files or finish):
        raise ConfigurationError(
            "nothing to import: name the files and the --mapping that says what their columns mean"
        )
    if to is not None and (history or finish):
        raise ConfigurationError("--to writes the events to a file: --history and --finish are for the log of a broker")
    if until is not None and not (files and (history or finish)):
        raise ConfigurationError("--until is the end of a --history, and goes with its files")
    if until is not None and until > datetime.now(UTC):
        raise ConfigurationError("--until lies ahead: what was logged then would be newer than all that happens now")
    events: Iterator[Event] = iter(())
    if files and mapping:
        events = read_events(load_mapping(mapping), files, watch=partial(counted, doing="reading"))
    counter = _Counter(counted(events, "importing"))
    if to is not None:
        with written(to) as lines:
            lines.writelines(encode(event) + b"\n" for event in counter)
    elif history or finish:
        _to_logs(counter if files else None, until, finish)
    else:
        with Sender(Settings()) as sender:
            for event in counter:
                sender.send_event(event)
    typer.echo(f"imported {counter.count} events", err=to is not None)  # standard output may be the file


class _Counter:
    """Counts what passes."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = events
        self.count = 0

    def __iter__(self) -> Iterator[Event]:
        for event in self._events:
            self.count += 1
            yield event


def _to_logs(events: Iterable[Event] | None, until: datetime | None, finish: bool) -> None:
    settings = Settings()
    partitions = Topics(settings).require(HISTORY_TOPICS)
    with Sender(settings) as sender:
        history = HistoryWriter(sender, partitions)
        if events is not None:
            refuse_live_log(settings)
            with closing(open_classifier(settings)) as classifier:
                history.start()
                for logged in entries(with_ticks(events, settings.recompute_at, until), classifier):
                    history.write(logged)
        if finish:
            sender.flush()
            history.finish()
