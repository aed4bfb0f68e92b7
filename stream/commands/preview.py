"""`heartline model preview FILE`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, get_args

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from schemas.base import DEFAULT_TENANT, Band
from stream.commands.model import read_file
from stream.commands.replay import Events, Processes, Tenant, log_of, progress
from stream.commands.times import utc
from stream.errors import ConfigurationError
from stream.logs import only_warnings
from stream.parallel import cores, each_partition
from stream.preview.comparing import NOT_SCORED, Comparison, Move
from stream.preview.history import Histories, Since
from stream.preview.states import States
from stream.replay.census import Period
from stream.replay.folding import Chosen
from stream.replay.tenants import require_tenant
from stream.settings import Settings
from stream.views import BAND_STYLES, console, words

REASONS = 3


def preview(
    file: Annotated[Path, typer.Argument(help="The model (YAML or JSON).", exists=True)],
    tenant: Tenant = DEFAULT_TENANT,
    since: Annotated[
        datetime | None, typer.Option(help="Fold the log by the model too, and compare what happened since (UTC).")
    ] = None,
    by: Annotated[Period, typer.Option(help="With --since: count by year, month or day.")] = "month",
    limit: Annotated[int, typer.Option(min=0, help="Name so many contacts, the hardest hit; 0: all.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    events: Events = None,
    processes: Processes = None,
) -> None:
    """Say who would change band by a model, and why, before it is published. Workers go on; nothing is written.

    Both models score the same states at the same moment, that of the log's latest clock. Contacts are compared,
    accounts are not: where the model scores these otherwise, it is said what it changes.

    Examples: `heartline model preview stricter.yaml`, `heartline model preview stricter.yaml --since 2026-01-01`
    """
    settings, document = Settings(), read_file(file)
    only_warnings()
    found: Comparison | Histories
    if since is None:
        if events is not None:
            raise ConfigurationError("a file of events has no present states: give --since too")
        found = _present(States(settings, tenant, document, limit), processes or cores())
    else:
        log, chosen = log_of(events, settings), Chosen(tenant, document)
        found = _history(Since(log, chosen, utc(since), by, limit), processes or cores())
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _show(found)


def _present(states: States, processes: int) -> Comparison:
    total, tenants = Comparison(), frozenset[str]()
    with progress("reading states", states.size()) as advance:
        for one, seen in each_partition(states.compare, range(states.partitions()), processes, advance):
            total.add(one)
            tenants |= seen
    require_tenant(states.tenant, tenants, "the state of scoring")
    total.keep(states.limit)
    return total


def _history(since: Since, processes: int) -> Histories:
    total, tenants = since.empty(), frozenset[str]()
    with progress("folding", since.log.size()) as advance:
        for one, seen in each_partition(since.compare, range(since.log.partitions()), processes, advance):
            total.add(one)
            tenants |= seen
    require_tenant(since.chosen.tenant, tenants, "the log")
    total.end.keep(since.limit)
    return total


def _show(found: Comparison | Histories) -> None:
    terminal = console()
    if isinstance(found, Histories):
        for name, census in (("by the models in force", found.in_force), ("by this model", found.model)):
            for table in census.tables():
                table.title = f"{table.title}, {name}"
                terminal.print(table)
        found = found.end
    terminal.print(_totals(found))
    if found.moves:
        terminal.print(_moves(found.moves))
    for line in _summary(found):
        terminal.print(line, highlight=False)


def _totals(found: Comparison) -> Table:
    bands = [*get_args(Band), NOT_SCORED]
    table = Table("now \\ by this model", *(words(band) for band in bands), title="Contacts by band")
    for before in bands:
        row = found.totals.get(before, {})
        if row:
            table.add_row(words(before), *(f"{row[after]:,}" if after in row else "" for after in bands))
    return table


def _moves(moves: list[Move]) -> Table:
    table = Table("contact", "now", "by this model", "why (points)", title="Who changes band, the hardest hit first")
    for move in moves:
        reasons = [f"{why.words} ({why.points:+.1f})" for why in move.why[:REASONS]]
        table.add_row(
            f"{move.tenant}/{move.contact}",
            _score(move.before, move.score_before),
            _score(move.after, move.score_after),
            "; ".join([*move.besides, *reasons]),
        )
    return table


def _score(band: Band | None, score: int | None) -> Text:
    return Text(NOT_SCORED) if band is None else Text(f"{score} {words(band)}", style=BAND_STYLES[band])


def _summary(found: Comparison) -> list[str]:
    lines = [f"{found.changing:,} of {found.contacts:,} contacts change band; nothing was published"]
    if found.changing:
        parts = sorted(found.components.items(), key=lambda one: -abs(one[1]))
        means = ", ".join(f"{words(name)} {points / found.changing:+.1f}" for name, points in parts)
        lines.append(f"on average of those: {means} points")
    if found.overridden:
        lines.append(f"{found.overridden:,} contacts have a band set by hand, which no model changes")
    if found.not_previewed:
        lines += ["accounts are not previewed; this model changes how they are scored:", *found.not_previewed]
    return lines
