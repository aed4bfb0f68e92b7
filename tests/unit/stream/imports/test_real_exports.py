"""The two real exports, by the mappings in `examples/`. The files themselves are not part of the project."""

import os
from collections import Counter
from pathlib import Path

import pytest

from schemas.base import Event
from schemas.messages import MessageCreated
from schemas.tickets import TicketOpened, TicketUpdated
from stream.imports import load_mapping, read_events

ROOT = Path(__file__).parents[4]
DATA = Path(os.environ.get("HEARTLINE_DATA_DIR") or ROOT.parent / "shared" / "data")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="HEARTLINE_DATA_DIR names no directory with the real exports")


def read(mapping: str, file: str) -> list[Event]:
    return list(read_events(load_mapping(ROOT / "examples" / "mappings" / mapping), [DATA / file]))


def kinds(events: list[Event]) -> Counter[str]:
    return Counter(str(event.__struct_config__.tag) for event in events)


def test_the_helpdesk_log_becomes_its_tickets() -> None:
    events = read("helpdesk-log.yaml", "tickets-helpdesk.csv")
    opened = [event for event in events if isinstance(event, TicketOpened)]
    moved = [event for event in events if isinstance(event, TicketUpdated) and event.previous_contact]
    assert len(opened) == len({event.ticket for event in opened}) == 4580
    assert len({event.contact for event in events if isinstance(event, TicketOpened | TicketUpdated)}) == 397
    assert len({event.ticket for event in moved}) == 7
    assert {event.severity for event in opened} == {"low", "normal", "high", "urgent"}
    assert kinds(events)["ticket.closed"] >= 4558
    assert [event.occurred_at for event in events] == sorted(event.occurred_at for event in events)
    assert len({event.event_id for event in events}) == len(events)


def test_the_helpdesk_log_in_two_files_becomes_the_same_events(tmp_path: Path) -> None:
    names, *rows = (DATA / "tickets-helpdesk.csv").read_text("utf-8-sig").splitlines(keepends=True)
    parts = [tmp_path / f"tickets-helpdesk-{part}.csv" for part in (0, 1)]
    for part, file in enumerate(parts):
        file.write_text(names + "".join(rows[part * len(rows) // 2 : (part + 1) * len(rows) // 2]))
    mapping = load_mapping(ROOT / "examples" / "mappings" / "helpdesk-log.yaml")
    assert list(read_events(mapping, parts)) == read("helpdesk-log.yaml", "tickets-helpdesk.csv")


def test_the_airline_messages_become_messages_of_six_tenants() -> None:
    events = read("airline-messages.yaml", "messages-airlines.csv")
    messages = [event for event in events if isinstance(event, MessageCreated)]
    assert len(messages) == len(events) == 14_640
    assert {event.tenant for event in events} == {
        "american", "delta", "southwest", "united", "us-airways", "virgin-america",
    }  # fmt: skip
    assert len({event.event_id for event in events}) == 14_640 - 155
    assert all(event.conversation is None for event in messages)
