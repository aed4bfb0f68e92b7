"""`heartline score FILE`."""

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from schemas.base import to_milliseconds
from schemas.scores import AccountScoreUpdated
from stream.classifier import open_classifier
from stream.commands.progress import counted
from stream.commands.times import moment
from stream.event_files import read_events
from stream.history import entries
from stream.imports import with_ticks
from stream.local import LocalFold
from stream.local_rollups import LocalRollups
from stream.settings import Settings
from stream.views import console, narrow_table


def score(
    file: Annotated[Path, typer.Argument(help="JSON lines, one event each; - for standard input.", allow_dash=True)],
    at: Annotated[
        datetime | None,
        typer.Option(help="Score at this time (UTC); default: at the last daily tick.", callback=moment),
    ] = None,
    accounts: Annotated[
        bool, typer.Option("--accounts", help="Score the accounts; the records are those of the last entries.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Fold a file of events in this process, without a broker, by the code the workers run.

    Example: `heartline simulate --contacts 50 --days 30 > events.jsonl && heartline score events.jsonl`
    """
    settings = Settings()
    rollups = LocalRollups() if accounts else None
    local = LocalFold(rollups)
    now = 0
    events = sorted(read_events(file), key=lambda event: event.occurred_at)
    with closing(open_classifier(settings)) as classifier:
        folding = counted(events, "scoring", len(events))
        for time, entry in entries(with_ticks(folding, settings.recompute_at, at), classifier):
            now = time
            local.log(entry, time)
    if rollups is not None:
        _show_accounts([rollups.accounts[key] for key in sorted(rollups.accounts)], as_json=as_json)
        return
    rows = list(local.scores(to_milliseconds(at) if at is not None else now))
    if as_json:
        for row in rows:
            typer.echo(msgspec.json.encode(row).decode())
        return
    table = Table("tenant", "contact", "score", "band", "coverage", "confidence")
    for row in rows:
        table.add_row(row.tenant, row.contact, str(row.score), row.band, f"{row.coverage:.2f}", row.confidence)
    console().print(table)


def _show_accounts(records: list[AccountScoreUpdated], *, as_json: bool) -> None:
    if as_json:
        for record in records:
            typer.echo(msgspec.json.encode(record).decode())
        return
    names = ("tenant", "account", "score", "band", "contacts", "scored", "seats", "renewal")
    table = narrow_table(*names)
    for record in records:
        cells = (record.score, record.band, record.members, record.scored, record.seats)
        renewal = "-" if record.renewal_at is None else f"{record.renewal_at:%Y-%m-%d}"
        shown = ("-" if cell is None else str(cell) for cell in cells)
        table.add_row(record.tenant, record.account, *shown, renewal)
    console().print(table)
