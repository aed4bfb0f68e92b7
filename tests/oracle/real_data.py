"""The oracle's own reading of the real exports: by the csv module, without mappings."""

import csv
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from schemas.base import Event
from schemas.messages import MessageCreated
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketSolved, TicketUpdated

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("HEARTLINE_DATA_DIR") or ROOT.parent / "shared" / "data")
HELPDESK = DATA / "tickets-helpdesk.csv"
AIRLINES = DATA / "messages-airlines.csv"


STATUS_OF = {
    "Take in charge ticket": "open",
    "Wait": "open",
    "Require upgrade": "open",
    "Resolve ticket": "solved",
    "Closed": "closed",
}


class Instant:
    """What the rows of one ticket and one time say; of several rows the last one counts."""

    def __init__(self) -> None:
        self.customer = ""
        self.status: str | None = None


def helpdesk_events(export: Path = HELPDESK) -> list[tuple[datetime, Event]]:
    """What counts for a score in the help desk log:

    when each ticket was opened, by whom, to whom it went, and when it was done.
    """
    tickets: dict[str, dict[datetime, Instant]] = {}
    with export.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            local = datetime.strptime(row["Complete Timestamp"], "%Y/%m/%d %H:%M:%S.%f")  # noqa: DTZ007  the next line
            at = local.replace(tzinfo=ZoneInfo("Europe/Rome")).astimezone(UTC)
            instant = tickets.setdefault(row["Case ID"], {}).setdefault(at, Instant())
            instant.customer = row["customer"]
            instant.status = STATUS_OF.get(row["Activity"], instant.status)
    events = [event for ticket, instants in tickets.items() for event in _ticket_events(ticket, instants)]
    return sorted(events, key=lambda pair: pair[0])


def _ticket_events(ticket: str, instants: dict[datetime, Instant]) -> Iterator[tuple[datetime, Event]]:
    opened_at = min(instants)
    owner, is_open = instants[opened_at].customer, True
    yield opened_at, TicketOpened(event_id=f"o {ticket}", occurred_at=opened_at, contact=owner, ticket=ticket)
    for at in sorted(instants):
        customer, status = instants[at].customer, instants[at].status
        about: dict[str, Any] = {"event_id": f"{ticket} {at}", "occurred_at": at, "contact": customer, "ticket": ticket}
        if customer != owner:
            yield at, TicketUpdated(**about, previous_contact=owner, opened_at=opened_at)
            owner = customer
        if status == "solved":
            yield at, TicketSolved(**about)
        elif status == "closed":
            yield at, TicketClosed(**about)
        elif status == "open" and not is_open:
            yield at, TicketReopened(**about, reopened_by="agent")
        is_open = status == "open" if status is not None else is_open


def airline_events(export: Path = AIRLINES) -> list[tuple[datetime, Event]]:
    """The messages to the airlines, each as often as it stands in the file."""
    events: list[tuple[datetime, Event]] = []
    with export.open(newline="", encoding="utf-8-sig") as file:
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
