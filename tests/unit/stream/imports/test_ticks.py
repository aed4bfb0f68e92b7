"""The daily ticks of a history."""

from datetime import UTC, date, datetime, time

import pytest

from schemas.base import Event
from schemas.tickets import TicketSolved
from stream.imports import TickDue, daily_ticks, with_ticks


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def event(time: datetime) -> Event:
    return TicketSolved(event_id="e", occurred_at=time, contact="ann", ticket="1")


def times(stream: list[Event | TickDue]) -> list[datetime]:
    return [item.at if isinstance(item, TickDue) else item.occurred_at for item in stream]


def test_a_tick_is_due_each_day_within_the_bounds() -> None:
    assert list(daily_ticks(at(1, 5), at(3, 4))) == [
        TickDue(at(2, 4), date(2026, 3, 2)),
        TickDue(at(3, 4), date(2026, 3, 3)),
    ]


def test_the_time_of_the_recompute_is_a_setting() -> None:
    assert [tick.at for tick in daily_ticks(at(1, 5), at(2, 6), time(5, 30))] == [at(1, 5, 30), at(2, 5, 30)]


def test_ticks_come_between_the_events() -> None:
    stream = list(with_ticks([event(at(1, 3)), event(at(1, 5)), event(at(3, 9))], until=at(4, 4)))
    assert times(stream) == [at(1, 3), at(1, 4), at(1, 5), at(2, 4), at(3, 4), at(3, 9), at(4, 4)]


def test_an_event_at_the_moment_of_a_tick_comes_before_it() -> None:
    first, second = with_ticks([event(at(1, 4))], until=at(1, 4))
    assert isinstance(first, Event)
    assert isinstance(second, TickDue)


def test_without_an_end_the_last_tick_is_the_first_after_the_last_event() -> None:
    assert times(list(with_ticks([event(at(1, 5))]))) == [at(1, 5), at(2, 4)]


def test_events_after_the_end_are_left_out() -> None:
    assert times(list(with_ticks([event(at(1, 3)), event(at(2, 5))], until=at(1, 4)))) == [at(1, 3), at(1, 4)]


@pytest.mark.parametrize("until", [None, at(9, 9)])
def test_nothing_comes_of_no_events(until: datetime | None) -> None:
    assert list(with_ticks([], until=until)) == []
