import asyncio
import contextlib
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from schemas.base import from_milliseconds, to_milliseconds
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_SIGNALS
from schemas.decoding import decode_signal
from schemas.signals import Signal
from stream.clock import ClockWriter, latest_due
from tests.unit.stream.fakes import GENERATION, FakePlane


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 3, 2, 4, 0, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 3, 2, 3, 59, 59, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 2, 23, 59, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), date(2025, 12, 31)),
    ],
)
def test_the_latest_due_recompute_is_at_or_before_now(now: datetime, day: date) -> None:
    due_day, due = latest_due(now, time(4, 0))
    assert due_day == day
    assert due == datetime.combine(day, time(4, 0), UTC)
    assert due <= now


class FakeDirectory:
    """Says whether a history is open, and after how many looks the log has begun."""

    def __init__(self, history_open: bool, looks: int) -> None:
        self.history_open = False
        self._announced = history_open
        self._looks = looks

    async def catch_up(self) -> None:
        """Only now it knows what was announced just before the log began."""
        if self._looks < 0:
            self.history_open = self._announced

    async def log_begun(self) -> bool:
        """After so many looks."""
        self._looks -= 1
        return self._looks < 0


class Watch:
    """A writer whose clock shows what the test says."""

    def __init__(self, plane: FakePlane, *, history_open: bool = False, looks: int = 0) -> None:
        self.plane = plane
        self.now = datetime(2026, 3, 2, 4, 0, 30, tzinfo=UTC)
        directory: Any = FakeDirectory(history_open, looks)
        topics = {HEALTH_SIGNALS: 2, HEALTH_ACCOUNT_SIGNALS: 2}
        writer_plane: Any = plane
        self.writer = ClockWriter(writer_plane, directory, topics, time(4, 0), lambda: to_milliseconds(self.now))

    async def run(self, monkeypatch: pytest.MonkeyPatch, *later: timedelta) -> list[tuple[str, int | None, str]]:
        """Let it look once now and once after each of these times; what it wrote to `health.signals`."""
        steps = iter(later)

        async def sleep(_seconds: float) -> None:
            step = next(steps, None)
            if step is None:
                raise asyncio.CancelledError
            self.now += step

        monkeypatch.setattr("stream.clock.asyncio.sleep", sleep)
        with contextlib.suppress(asyncio.CancelledError):
            await self.writer.run(GENERATION)
        signals = [(one, decode_signal(one.value)) for one in self.plane.sent if one.topic == HEALTH_SIGNALS]
        return [
            (type(signal.fact).__name__, one.partition, f"{from_milliseconds(signal.at):%d %H:%M:%S}")
            for one, signal in signals
            if isinstance(signal, Signal)
        ]


async def test_a_new_owner_writes_the_latest_due_tick_and_then_each_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    written = await Watch(FakePlane()).run(monkeypatch, timedelta(seconds=10), timedelta(seconds=30))
    assert written == [
        ("Tick", 0, "02 04:00:00"),
        ("Tick", 1, "02 04:00:00"),
        ("Clock", 0, "02 04:00:30"),
        ("Clock", 1, "02 04:00:30"),
        ("Clock", 0, "02 04:01:10"),
        ("Clock", 1, "02 04:01:10"),
    ]


async def test_the_next_day_has_a_tick_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    written = await Watch(FakePlane()).run(monkeypatch, timedelta(days=1))
    assert [at for name, partition, at in written if name == "Tick" and partition == 0] == [
        "02 04:00:00",
        "03 04:00:00",
    ]


async def test_no_time_is_written_while_a_history_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await Watch(FakePlane(), history_open=True).run(monkeypatch, timedelta(minutes=2)) == []


async def test_an_import_that_nobody_finishes_is_told_of_every_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(FakePlane(), history_open=True)
    with capture_logs() as logs:
        await watch.run(monkeypatch, *[timedelta(minutes=1)] * 21)
    told = [line for line in logs if line["event"] == "history.open"]
    assert len(told) == 3
    assert told[0]["log_level"] == "warning"
    assert told[0]["end_it_with"] == "heartline import --finish"


async def test_a_history_that_begins_an_empty_log_is_noticed_before_any_time_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = Watch(FakePlane(), history_open=True, looks=2)
    assert await watch.run(monkeypatch, *[timedelta(minutes=1)] * 5) == []


async def test_no_time_is_written_into_an_empty_log(monkeypatch: pytest.MonkeyPatch) -> None:
    minutes = [timedelta(minutes=1)] * 3
    written = await Watch(FakePlane(), looks=3).run(monkeypatch, *minutes)
    assert [at for name, partition, at in written if name == "Clock" and partition == 0] == ["02 04:03:30"]


async def test_a_worker_that_does_not_own_the_control_topic_writes_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await Watch(FakePlane(partitions=frozenset({1}))).run(monkeypatch, timedelta(minutes=2)) == []


async def test_each_generation_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(FakePlane())
    await watch.run(monkeypatch)
    written = await watch.run(monkeypatch)
    assert [name for name, partition, _ in written if partition == 0] == ["Tick", "Clock", "Tick", "Clock"]
