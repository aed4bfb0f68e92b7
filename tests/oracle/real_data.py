"""The oracle's own reading of the real exports: by the csv module, without mappings."""

import csv
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from schemas.base import Event
from schemas.messages import MessageCreated
from schemas.tickets import TicketOpened, TicketUpdated

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("HEARTLINE_DATA_DIR") or ROOT.parent / "shared" / "data")
HELPDESK = DATA / "tickets-helpdesk.csv"
AIRLINES = DATA / "messages-airlines.csv"


def helpdesk_events() -> list[tuple[datetime, Event]]:
    """What counts for a score in the help desk log: when each ticket was opened, by whom, and to whom it went."""
    tickets: dict[str, list[tuple[datetime, str]]] = {}
    with HELPDESK.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            local = datetime.strptime(row["Complete Timestamp"], "%Y/%m/%d %H:%M:%S.%f")
            at = local.replace(tzinfo=ZoneInfo("Europe/Rome")).astimezone(UTC)
            tickets.setdefault(row["Case ID"], []).append((at, row["customer"]))
    events = [event for ticket, steps in tickets.items() for event in _ticket_events(ticket, steps)]
    return sorted(events, key=lambda pair: pair[0])


def _ticket_events(ticket: str, steps: list[tuple[datetime, str]]) -> Iterator[tuple[datetime, Event]]:
    latest: dict[datetime, str] = {}
    for at, customer in sorted(steps, key=lambda step: step[0]):
        latest[at] = customer  # of rows of one instant the last one counts
    opened_at = min(latest)
    owner = latest[opened_at]
    yield opened_at, TicketOpened(event_id=f"o {ticket}", occurred_at=opened_at, contact=owner, ticket=ticket)
    for at, customer in latest.items():
        if customer != owner:
            moved = TicketUpdated(
                event_id=f"m {ticket} {at}",
                occurred_at=at,
                contact=customer,
                ticket=ticket,
                previous_contact=owner,
                opened_at=opened_at,
            )
            yield at, moved
            owner = customer


def airline_events() -> list[tuple[datetime, Event]]:
    """The messages to the airlines, each as often as it stands in the file."""
    events: list[tuple[datetime, Event]] = []
    with AIRLINES.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file)):
            at = datetime.strptime(row["created_at"], "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
            message = MessageCreated(
                event_id=f"row {number}",
                occurred_at=at,
                tenant=row["airline"].lower().replace(" ", "-"),
                contact=row["customer"],
                message=row["message_id"],
                author="customer",
                text=row["text"],
            )
            events.append((at, message))
    return sorted(events, key=lambda pair: pair[0])
