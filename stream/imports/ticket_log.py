"""Exports with one row per step of a ticket, as helpdesks and process-mining tools write them.

Steps of one ticket at the same instant are taken as one, in the order of the file: further on, events of equal times
are ordered by their ids, which must not decide what happened.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple, TypeVar, get_args

from schemas.base import Event, Severity, TicketStatus, to_milliseconds
from schemas.tickets import (
    TicketClosed,
    TicketEvent,
    TicketOpened,
    TicketReopened,
    TicketReplied,
    TicketSolved,
    TicketUpdated,
)
from stream.imports.fields import BadCell, Cells, Header, Read, check, read_id, read_time, read_value
from stream.imports.ids import event_id
from stream.imports.mapping import FieldMapping, Mapping, Step, TicketLog

T = TypeVar("T")
TicketEventT = TypeVar("TicketEventT", bound=TicketEvent)

_OPEN = frozenset({"open", "pending", "on_hold"})
_SEVERITIES: tuple[Severity, ...] = get_args(Severity)


class LogRow(NamedTuple):
    """One row of the log."""

    tenant: str
    ticket: str
    occurred_at: datetime
    contact: str
    severity: Severity | None
    channel: str | None
    step: Step


LogRowReader = Callable[[Cells], LogRow | None]


def log_row_reader(log: TicketLog, whole: Mapping, header: Header, now_ms: int) -> LogRowReader:
    """How to read a row of the log; BadCell says what is wrong with it."""
    tenant = read_value(whole.tenant, header)
    ticket, contact = read_id(log.ticket, header), read_id(log.contact, header)
    occurred_at = read_time(log.occurred_at, header, whole.times)
    activity = read_value(log.activity, header)
    severity, channel = _optional(log.severity, header), _optional(log.channel, header)

    def read(cells: Cells) -> LogRow | None:
        row = LogRow(
            tenant=str(_needed("tenant", tenant(cells))),
            ticket=str(_needed("ticket", ticket(cells))),
            occurred_at=_needed("occurred_at", occurred_at(cells)),
            contact=str(_needed("contact", contact(cells))),
            severity=_severity(severity(cells)),
            channel=_text(channel(cells)),
            step=_step(log, activity(cells)),
        )
        ticket_event = TicketClosed(
            event_id="-", occurred_at=row.occurred_at, tenant=row.tenant, contact=row.contact, ticket=row.ticket
        )
        check(ticket_event, now_ms)
        return row

    return read


def log_events(log: TicketLog, rows: Iterable[LogRow]) -> Iterator[Event]:
    """The events of all tickets of a log, ticket by ticket (not yet in the order of time)."""
    tickets: dict[tuple[str, str], list[LogRow]] = defaultdict(list)
    for row in rows:
        tickets[row.tenant, row.ticket].append(row)
    for steps in tickets.values():
        steps.sort(key=lambda row: row.occurred_at)
        ticket = _Ticket(log, steps[0])
        for _, tied in groupby(steps, key=lambda row: row.occurred_at):
            yield from ticket.follow(list(tied))


class _Ticket:
    """One ticket while its log is read: says each step as events."""

    def __init__(self, log: TicketLog, first: LogRow) -> None:
        self._log = log
        self._id = first.ticket
        self._tenant = first.tenant
        self._opened_at = first.occurred_at
        self._contact: str | None = None
        self._severity: Severity | None = None
        self._status: TicketStatus = "open"
        self._responded_at: datetime | None = None
        self._solved_at: datetime | None = None

    def follow(self, tied: list[LogRow]) -> Iterator[TicketEvent]:
        """The events of one instant."""
        last = tied[-1]
        status = next((row.step.status for row in reversed(tied) if row.step.status), None)
        severity = next((row.severity for row in reversed(tied) if row.severity), self._severity)
        if self._contact is None:
            yield self._open(last, severity)
        elif self._contact != last.contact:
            yield self._move(last, severity, status or self._status)
        elif severity != self._severity:
            yield self._event(TicketUpdated, last, "severity", severity=severity)
        self._contact, self._severity = last.contact, severity
        yield from self._replies(tied)
        yield from self._response(tied)
        if status is not None:
            yield from self._change_of_status(last, status)
            self._status = status

    def _event(self, event_type: type[TicketEventT], row: LogRow, what: str, **facts: Any) -> TicketEventT:
        return event_type(
            event_id=event_id(f"ticket.{what}", self._id, to_milliseconds(row.occurred_at)),
            occurred_at=row.occurred_at,
            tenant=self._tenant,
            contact=row.contact,
            ticket=self._id,
            **facts,
        )

    def _open(self, row: LogRow, severity: Severity | None) -> TicketOpened:
        known = {"severity": severity} if severity else {}
        return self._event(TicketOpened, row, "opened", opened_by=self._log.opened_by, channel=row.channel, **known)

    def _move(self, row: LogRow, severity: Severity | None, status: TicketStatus) -> TicketUpdated:
        return self._event(
            TicketUpdated,
            row,
            "moved",
            severity=severity,
            status=status,
            previous_contact=self._contact,
            opened_at=self._opened_at,
            first_responded_at=self._responded_at,
            solved_at=self._solved_at,
        )

    def _replies(self, tied: list[LogRow]) -> Iterator[TicketEvent]:
        for author in dict.fromkeys(row.step.reply for row in tied if row.step.reply):
            yield self._event(TicketReplied, tied[-1], f"replied.{author}", author=author)

    def _response(self, tied: list[LogRow]) -> Iterator[TicketEvent]:
        row = tied[-1]
        if self._responded_at is None and any(row.step.responded for row in tied):
            self._responded_at = row.occurred_at
            yield self._event(TicketUpdated, row, "responded", first_responded_at=row.occurred_at)

    def _change_of_status(self, row: LogRow, status: TicketStatus) -> Iterator[TicketEvent]:
        if status == "solved":
            self._solved_at = row.occurred_at
            yield self._event(TicketSolved, row, "solved")
        elif status == "closed":
            yield self._event(TicketClosed, row, "closed")
        elif self._status not in _OPEN:
            yield self._event(TicketReopened, row, "reopened", reopened_by=self._log.reopened_by)
        elif status != self._status:
            yield self._event(TicketUpdated, row, "status", status=status)


def _optional(field: FieldMapping | None, header: Header) -> Read:
    return (lambda cells: None) if field is None else read_value(field, header)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _needed(name: str, value: T | None) -> T:
    if value is None:
        raise BadCell(f"`{name}` is empty, and a row of a ticket log needs it")
    return value


def _severity(value: object) -> Severity | None:
    if value is None:
        return None
    if value not in _SEVERITIES:
        known = ", ".join(_SEVERITIES)
        raise BadCell(f"severity {value!r} is not one of {known}; translate it with `values` in the mapping")
    return value


def _step(log: TicketLog, activity: object) -> Step:
    step = log.activities.get(str(_needed("activity", activity)))
    if step is None:
        known = ", ".join(log.activities)
        raise BadCell(f"activity {activity!r} is not among the `activities` of the mapping ({known}); add it")
    return step
