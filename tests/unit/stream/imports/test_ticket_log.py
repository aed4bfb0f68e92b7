"""Exports with one row per step of a ticket."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.base import Event
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketReplied, TicketSolved, TicketUpdated
from stream.imports import BadRow, load_mapping, read_events

MAPPING = """
times: {format: "%Y/%m/%d %H:%M", zone: Europe/Rome}
sources:
  - ticket_log:
      ticket: Case
      contact: Customer
      occurred_at: At
      activity: Activity
      severity: {column: Severity, nth: 2, values: {1: normal, 2: high}}
      activities:
        Insert: {}
        Take: {status: open, responded: true}
        Wait: {status: on_hold}
        Mail: {reply: customer}
        Resolve: {status: solved, responded: true}
        Close: {status: closed}
      reopened_by: agent
"""
HEADER = "Case,Activity,At,Severity,Customer,Severity\n"
Read = Callable[[str], list[Event]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(rows: str) -> list[Event]:
        (tmp_path / "mapping.yaml").write_text(MAPPING)
        (tmp_path / "log.csv").write_text(HEADER + rows)
        return list(read_events(load_mapping(tmp_path / "mapping.yaml"), [tmp_path / "log.csv"]))

    return read


def only(events: list[Event], event_type: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, event_type)]


def test_the_first_row_opens_the_ticket_whatever_its_activity(read: Read) -> None:
    first, second = read("7,Take,2012/07/01 10:00,x,Ann,2\n")
    assert isinstance(first, TicketOpened)
    assert (first.ticket, first.contact, first.severity) == ("7", "Ann", "high")
    assert first.occurred_at == datetime(2012, 7, 1, 8, 0, tzinfo=UTC), "summer time in Rome"
    assert isinstance(second, TicketUpdated)
    assert second.first_responded_at == second.occurred_at


def test_rows_may_stand_in_any_order(read: Read) -> None:
    events = read(
        "7,Close,2012/07/03 10:00,,Ann,1\n7,Insert,2012/07/01 10:00,,Ann,1\n7,Resolve,2012/07/02 10:00,,Ann,1\n"
    )
    assert [type(event) for event in events] == [TicketOpened, TicketUpdated, TicketSolved, TicketClosed]


def test_only_the_first_response_counts(read: Read) -> None:
    events = read(
        "7,Insert,2012/07/01 10:00,,Ann,1\n7,Take,2012/07/01 11:00,,Ann,1\n7,Resolve,2012/07/02 10:00,,Ann,1\n"
    )
    assert [event.occurred_at.hour for event in only(events, TicketUpdated)] == [9]


def test_work_after_the_end_reopens_the_ticket(read: Read) -> None:
    events = read(
        "7,Resolve,2012/07/01 10:00,,Ann,1\n7,Wait,2012/07/02 11:00,,Ann,1\n7,Close,2012/07/03 11:00,,Ann,1\n"
    )
    (reopened,) = only(events, TicketReopened)
    assert reopened.reopened_by == "agent"
    assert isinstance(events[-1], TicketClosed)


def test_a_ticket_that_changes_hands_takes_its_story_along(read: Read) -> None:
    events = read("7,Take,2012/07/01 10:00,,Ann,1\n7,Resolve,2012/07/02 10:00,,Bob,2\n")
    (moved,) = [event for event in only(events, TicketUpdated) if event.previous_contact]
    assert (moved.contact, moved.previous_contact, moved.severity) == ("Bob", "Ann", "high")
    assert moved.opened_at == moved.first_responded_at == datetime(2012, 7, 1, 8, 0, tzinfo=UTC)
    assert moved.status == "solved", "as after the row, so that events of one instant agree"
    assert only(events, TicketSolved)[0].contact == "Bob"


def test_a_change_of_severity_is_noticed(read: Read) -> None:
    events = read(
        "7,Insert,2012/07/01 10:00,,Ann,1\n7,Insert,2012/07/02 10:00,,Ann,2\n7,Insert,2012/07/03 10:00,,Ann,\n"
    )
    assert [event.severity for event in only(events, TicketUpdated)] == ["high"]


def test_rows_of_one_instant_are_one_step(read: Read) -> None:
    events = read(
        "7,Insert,2012/07/01 10:00,,Ann,1\n" + "7,Resolve,2012/07/02 10:00,,Ann,1\n7,Take,2012/07/02 10:00,,Bob,2\n"
    )
    assert only(events, TicketSolved) == []
    (moved,) = [event for event in only(events, TicketUpdated) if event.previous_contact]
    assert (moved.contact, moved.status, moved.severity) == ("Bob", "open", "high")


def test_a_repeated_row_changes_nothing(read: Read) -> None:
    once = "7,Insert,2012/07/01 10:00,,Ann,1\n7,Resolve,2012/07/02 10:00,,Ann,1\n"
    assert read(once + "7,Resolve,2012/07/02 10:00,,Ann,1\n") == read(once)


def test_a_reply_is_told_with_its_side(read: Read) -> None:
    (reply,) = only(read("7,Mail,2012/07/01 10:00,,Ann,1\n"), TicketReplied)
    assert reply.author == "customer"


def test_an_unknown_activity_is_refused_with_its_line(read: Read) -> None:
    with pytest.raises(BadRow, match=r"log\.csv, line 3: activity 'Sing' is not among the `activities`"):
        read("7,Insert,2012/07/01 10:00,,Ann,1\n7,Sing,2012/07/01 10:00,,Ann,1\n")


def test_a_log_that_was_split_is_the_log(tmp_path: Path) -> None:
    rows = [
        "7,Insert,2012/07/01 10:00,,Ann,1\n",
        "8,Take,2012/07/01 11:00,,Bob,1\n",
        "7,Take,2012/07/01 12:00,,Ann,2\n",
        "7,Resolve,2012/07/02 10:00,,Eve,2\n",
        "8,Close,2012/07/03 10:00,,Bob,1\n",
        "7,Mail,2012/07/03 11:00,,Eve,2\n",
        "7,Wait,2012/07/03 11:00,,Eve,2\n",
        "7,Close,2012/07/04 10:00,,Eve,1\n",
    ]
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    mapping = load_mapping(tmp_path / "mapping.yaml")

    def events_of(**parts: list[str]) -> list[Event]:
        files = [tmp_path / f"{name}.csv" for name in parts]
        for file, part in zip(files, parts.values(), strict=True):
            file.write_text(HEADER + "".join(part))
        return list(read_events(mapping, files))

    whole = events_of(whole=rows)
    assert len(only(whole, TicketOpened)) == 2
    assert events_of(first=rows[:4], second=rows[4:]) == whole
    assert events_of(later=rows[4:], earlier=rows[:4]) == whole
    assert events_of(even=rows[::2], odd=rows[1::2], again=rows[:4]) == whole


def test_a_ticket_that_lies_ahead_is_refused(read: Read) -> None:
    with pytest.raises(BadRow, match=r"line 2: `occurred_at` is more than 1 day ahead"):
        read("7,Insert,2999/07/01 10:00,,Ann,1\n")


def test_a_row_without_a_customer_is_refused(read: Read) -> None:
    with pytest.raises(BadRow, match="`contact` is empty"):
        read("7,Insert,2012/07/01 10:00,,,1\n")
