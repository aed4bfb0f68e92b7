"""What all stages with a table have in common: runs of a log are folded into rows, and rows that wait are swept."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from schemas.base import Record
from schemas.catalogue import HEALTH_ALERTS
from schemas.decoding import DecodeFailure, encode
from schemas.headers import output_headers
from schemas.scores import AlertRaised, Output
from stream.dataplane import Cycle, DataPlane, Generation, Run
from stream.dead_letters import Limit, dead_letter
from stream.metrics import Metrics

# A slice of the sweep keeps the event loop for a millisecond or two, and so many slices may wait for their commit: what
# is swept while a cycle commits makes the next one longer, and live scores wait for it.
SWEEP_ROWS = 100
SWEEP_AHEAD = 12
SWEEP_IDLE_SECONDS = 0.2
SAMPLES_PER_RUN = 16

RowT = TypeVar("RowT")


class Stage(ABC, Generic[RowT]):
    """What a worker does with a run of its log, and with rows that wait for something that concerns all of them."""

    topic: ClassVar[str]
    """The log."""

    def __init__(self, plane: DataPlane[RowT], limit: Limit, metrics: Metrics) -> None:
        self._plane = plane
        self._limit = limit
        self._metrics = metrics
        self._recomputed: dict[int, int | None] = {}

    @abstractmethod
    def fold(self, run: Run, cycle: Cycle[RowT]) -> None:
        """Fold one run: rows and outputs into the cycle."""

    @abstractmethod
    def sweep_chunk(self, partition: int, cycle: Cycle[RowT]) -> bool:
        """Sweep the next rows of a partition; False if nothing waits there."""

    def report(self) -> None:
        """Set the metrics that are looked at now and then, from the control rows of this worker's partitions.

        The oldest recompute counts, for a partition that is stuck must not hide behind the others; one that knows of no
        tick yet has missed none.
        """
        known = [self._recomputed.get(partition) for partition in self._plane.partitions(self.topic)]
        times = [at for at in known if at is not None]
        gauge = self._metrics.recompute_last_success
        if times:
            gauge.labels(self.topic).set(min(times) / 1000)
        else:
            gauge.clear()

    async def agent(self, stream: Any) -> None:
        """Fold runs of the log into the table, in order."""
        async for run in self._plane.runs(stream):
            cycle = await self._plane.cycle(run.generation)
            if cycle is not None:
                with cycle:
                    self.fold(run, cycle)
                    cycle.done(run)

    async def sweep(self, generation: Generation) -> None:
        """Apply what concerns all rows to those that no signal has touched since, slice by slice."""
        ahead: deque[asyncio.Event] = deque()
        while True:
            busy = False
            for partition in sorted(self._plane.partitions(self.topic)):
                cycle = await self._plane.cycle(generation)
                if cycle is None:
                    return
                with cycle:
                    swept = self.sweep_chunk(partition, cycle)
                if swept:
                    busy = True
                    ahead.append(asyncio.Event())
                    cycle.on_commit(ahead[-1].set)
                    if len(ahead) > SWEEP_AHEAD:
                        await ahead.popleft().wait()
            self.report()
            if not busy:
                await asyncio.sleep(SWEEP_IDLE_SECONDS)

    def _put_aside(self, run: Run, record: Any, why: DecodeFailure, cycle: Cycle[RowT]) -> None:
        letter = dead_letter(
            run.topic, run.partition, record.offset, record.key, record.value, record.headers or (), why
        )
        cycle.send(letter.topic, letter.value, letter.key, letter.headers)

    def _count(self, records: int, refused: "Counter[str]", duplicates: int) -> None:
        self._metrics.events.labels(self.topic, "folded").inc(records - refused.total() - duplicates)
        for reason, count in refused.items():
            self._metrics.events.labels(self.topic, "dead_letter").inc(count)
            self._metrics.dead_letters.labels(self.topic, reason).inc(count)
        if duplicates:
            self._metrics.duplicates.inc(duplicates)

    def _measure(self, cycle: Cycle[RowT], accepted: list[int], path: str) -> None:
        if not accepted:
            return
        sample = accepted[:: max(1, len(accepted) // SAMPLES_PER_RUN)]
        observe = self._metrics.end_to_end.labels(path).observe

        def committed() -> None:
            now = time.time() * 1000
            for at in sample:
                observe(max(0.0, now - at) / 1000)

        cycle.on_commit(committed)


def put_output(cycle: Cycle[Any], topic: str, key: bytes, record: Output, partition: int | None) -> None:
    """Send an output with its headers to the partition of its subject (None: that of its key)."""
    cycle.send(topic, encode(record), key, output_headers(record), partition)


def put_alert(
    cycle: Cycle[Any], metrics: Metrics, key: bytes, alert: AlertRaised, partition: int | None = None
) -> None:
    """Send an alert, and count it once it is committed."""
    put_output(cycle, HEALTH_ALERTS, key, alert, partition)
    cycle.on_commit(metrics.alerts.labels(alert.kind).inc)
    if alert.suppressed_count:
        cycle.on_commit(partial(metrics.alerts_suppressed.labels(alert.kind).inc, alert.suppressed_count))


def tag_of(record: Record) -> str:
    """The `type` of a record."""
    return str(record.__struct_config__.tag)
