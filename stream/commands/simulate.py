"""`heartline simulate`."""

import re
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from schemas.base import DEFAULT_TENANT, TENANT_PATTERN, from_milliseconds
from schemas.decoding import encode
from schemas.door import EARLIEST_EVENT, MAX_AHEAD_MS
from stream.commands.progress import counted
from stream.commands.times import moment
from stream.event_files import STANDARD_STREAM
from stream.output_files import written
from stream.simulate import deliver, simulate
from stream.simulate.helpdesk import DEFAULT_START

FIRST_DAY = DEFAULT_START.replace(tzinfo=None)
LATEST_YEAR = 2100
MOST_DAYS = 1_000_000
MOST_CONTACTS = 10_000_000


def simulate_(
    seed: Annotated[int, typer.Option(help="The same seed gives the same events.")] = 1,
    contacts: Annotated[int, typer.Option(min=1, max=MOST_CONTACTS, help="How many customers write.")] = 1000,
    days: Annotated[float | None, typer.Option(max=MOST_DAYS, help="End after so many days.")] = None,
    events: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    start: Annotated[datetime, typer.Option(help="First day (UTC).", callback=moment)] = FIRST_DAY,
    tenant: Annotated[list[str] | None, typer.Option(help="Tenants; may be given several times.")] = None,
    duplicates: Annotated[float, typer.Option(min=0, max=1, help="This share of the events comes twice.")] = 0.0,
    late: Annotated[float, typer.Option(min=0, max=1, help="This share comes 1 to 10 days late.")] = 0.0,
    out_of_order: Annotated[float, typer.Option(min=0, max=1, help="This share comes up to 10 minutes late.")] = 0.0,
    decisions: Annotated[bool, typer.Option(help="With overrides, erasures and merges.")] = True,
    models_every_days: Annotated[
        float | None, typer.Option(min=0.1, max=MOST_DAYS, help="Publish a health model now and then.")
    ] = None,
    to: Annotated[Path, typer.Option(help="File to write; - for standard output.")] = STANDARD_STREAM,
) -> None:
    """Write a believable helpdesk's events as JSON lines: rhythms of day and week, happy and unhappy customers.

    Example: `heartline simulate --contacts 100 --days 30 --duplicates 0.02 --late 0.01 --to events.jsonl`
    """
    if days is None and events is None:
        raise typer.BadParameter("a helpdesk never ends by itself: give --days or --events")
    if days is not None and days <= 0:
        raise typer.BadParameter("--days must be above 0")
    if not EARLIEST_EVENT.year <= start.year <= LATEST_YEAR:
        raise typer.BadParameter(f"--start must be in the years {EARLIEST_EVENT.year} to {LATEST_YEAR}")
    tenants = tenant or [DEFAULT_TENANT]
    if wrong := [name for name in tenants if not re.fullmatch(TENANT_PATTERN, name)]:
        raise typer.BadParameter(f"--tenant {wrong[0]!r} must be 1 to 63 of a-z, 0-9 and '-'")
    told = simulate(
        seed=seed,
        contacts=contacts,
        start=start,
        days=days,
        events=events,
        tenants=tuple(tenants),
        decisions=decisions,
        models_every_days=models_every_days,
    )
    arriving = deliver(told, seed=seed, duplicates=duplicates, late=late, out_of_order=out_of_order)
    latest, ahead = from_milliseconds(time.time_ns() // 1_000_000 + MAX_AHEAD_MS), 0
    with written(to) as lines:
        for delivery in counted(arriving, "simulating", events):
            lines.write(encode(delivery.event) + b"\n")
            ahead += delivery.event.occurred_at > latest
    if ahead:
        typer.echo(
            f"{ahead} events lie more than 1 day ahead of today, and are refused until then: an earlier --start, "
            "fewer --days or more --contacts end sooner",
            err=True,
        )
