"""Time in the log: the clock of each minute and the tick of each day, written to every partition.

Written by the intake worker that owns `health.control`, in its transactions, so that a worker which lost the partition
cannot go on writing. Until a history import is finished no time is written: the past is not to be aged to today.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

import structlog

from schemas.base import to_milliseconds
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_CONTROL, HEALTH_SIGNALS
from schemas.decoding import encode
from schemas.signals import AccountSignal, Clock, Signal, Tick
from stream.dataplane import Cycle, DataPlane, Generation
from stream.directory import Directory

CLOCK_SECONDS = 60
LOOK_SECONDS = 0.5
REMIND_SECONDS = 600

log = structlog.get_logger()


def latest_due(now: datetime, recompute_at: time_of_day) -> tuple[date, datetime]:
    """The day and time of the latest daily recompute at or before `now` (UTC)."""
    due = datetime.combine(now.date(), recompute_at, tzinfo=UTC)
    if due > now:
        due -= timedelta(days=1)
    return due.date(), due


class ClockWriter:
    """Writes time while this worker owns `health.control`.

    A new owner writes the latest due tick at once, in case nobody was there when it fell due; scoring ignores a day it
    has seen.
    """

    def __init__(
        self,
        plane: DataPlane[None],
        directory: Directory,
        partitions: dict[str, int],
        recompute_at: time_of_day,
        clock: Callable[[], int],
    ) -> None:
        self._plane = plane
        self._directory = directory
        self._partitions = partitions
        self._recompute_at = recompute_at
        self._clock = clock
        self._last_day: date | None = None
        self._last_minute = 0
        self._remind_at = 0

    async def run(self, generation: Generation) -> None:
        """Write what falls due for as long as a generation lasts.

        Each generation begins anew, since what was written under the one before may have been refused.
        """
        self._last_day, self._last_minute = None, 0
        if 0 not in self._plane.partitions(HEALTH_CONTROL):
            return
        begun = False
        while True:
            # In an empty log there is nothing to age, and a history that is imported first must not find today in it.
            if not begun and await self._directory.log_begun():
                await self._directory.catch_up()  # a history that has begun the log was announced before
                begun = True
            if self._directory.history_open:
                self._remind()
            elif begun:
                await self._write_due(generation)
            await asyncio.sleep(LOOK_SECONDS)

    def _remind(self) -> None:
        """Say now and then that an import of history was begun and not finished: nobody would notice otherwise."""
        now = self._clock()
        if now >= self._remind_at:
            self._remind_at = now + REMIND_SECONDS * 1000
            log.warning("history.open", effect="no clock, no ticks", end_it_with="heartline import --finish")

    async def _write_due(self, generation: Generation) -> None:
        now = self._clock()
        day, due = latest_due(datetime.fromtimestamp(now / 1000, UTC), self._recompute_at)
        minute = now // (CLOCK_SECONDS * 1000)
        if day == self._last_day and minute == self._last_minute:
            return
        cycle = await self._plane.cycle(generation)
        if cycle is None:
            return
        if day != self._last_day:
            self._to_all(cycle, to_milliseconds(due), Tick(day=day))
        self._to_all(cycle, now, Clock())
        self._last_day, self._last_minute = day, minute

    def _to_all(self, cycle: Cycle[None], at: int, fact: Clock | Tick) -> None:
        for topic, entry in (
            (HEALTH_SIGNALS, Signal(at=at, fact=fact)),
            (HEALTH_ACCOUNT_SIGNALS, AccountSignal(at=at, fact=fact)),
        ):
            value = encode(entry)
            for partition in range(self._partitions[topic]):
                cycle.send(topic, value, None, None, partition)
