"""The daily ticks between the events of a history, so that each past day is closed with what was known by then."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from schemas.base import Event

RECOMPUTE_AT = time(4, 0)


class TickDue(NamedTuple):
    """The tick of `day` (the UTC date on which it falls), due at `at`."""

    at: datetime
    day: date


def daily_ticks(first: datetime, last: datetime, recompute_at: time = RECOMPUTE_AT) -> Iterator[TickDue]:
    """The ticks due in `first <= at <= last`, at `recompute_at` (UTC) of each day."""
    day = first.astimezone(UTC).date()
    while True:
        at = datetime.combine(day, recompute_at, UTC)
        if at > last:
            return
        if at >= first:
            yield TickDue(at, day)
        day += timedelta(days=1)


def with_ticks(
    events: Iterable[Event], recompute_at: time = RECOMPUTE_AT, until: datetime | None = None
) -> Iterator[Event | TickDue]:
    """Events in the order of `occurred_at`, with the ticks of each day from the first event to `until` in between.

    An event at the very moment of a tick comes before it. Without `until` the last tick is the first one after the last
    event. Events after `until` end the history: they are left out. Nothing comes of no events.
    """
    ticks: Iterator[TickDue] | None = None
    due: TickDue | None = None
    for event in events:
        if until is not None and event.occurred_at > until:
            break
        if ticks is None:
            ticks = daily_ticks(event.occurred_at, until or _END_OF_TIME, recompute_at)
            due = next(ticks, None)
        while due is not None and due.at < event.occurred_at:
            yield due
            due = next(ticks, None)
        yield event
    while ticks is not None and due is not None:
        yield due
        due = next(ticks, None) if until is not None else None


_END_OF_TIME = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
