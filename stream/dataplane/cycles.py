"""The cycles of a worker: one that agents fold into, and one that is being committed meanwhile."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from stream.dataplane.committer import Committer, Outcome
from stream.dataplane.cycle import Batch, Codec, Cycle
from stream.dataplane.delivery import Delivery
from stream.dataplane.observer import Observer
from stream.dataplane.partitions import Partitions
from stream.dataplane.run import Generation, Run
from stream.dataplane.settings import PlaneSettings
from stream.dataplane.threads import in_thread

log = structlog.get_logger(__name__)

Row = TypeVar("Row")
Key = tuple[str, int]

# A transaction costs broker and worker as much as dozens of records. The more the last one took, the longer the next
# one grows, counted from seal to seal: at few records a second nothing waits, at many a cycle lasts so long at least,
# and half as long again as its commit took: where brokers are busy, fewer transactions are what makes them less so.
_GROW_SECONDS_PER_RECORD = 0.001
_GROW_SECONDS = 0.02
_GROW_COMMITS = 1.5
_GROW_MOST_SECONDS = 0.06


class Cycles(Generic[Row]):
    """On the event loop only, but for the committer's thread, which knows nothing of it."""

    def __init__(
        self,
        settings: PlaneSettings,
        new_delivery: Callable[[], Delivery],
        partitions: Partitions,
        codec: Codec[Row] | None,
        observer: Observer,
        folded: Callable[[Run], None],
    ) -> None:
        """`new_delivery` makes one, unopened; `folded` hears of each run that is done."""
        self._new_delivery = new_delivery
        self._delivery = new_delivery()
        self._settings = settings
        self._partitions = partitions
        self._codec = codec
        self._observer = observer
        self._folded = folded
        self._committer = self._new_committer()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._landed: Callable[[Outcome], None] | None = None
        self._current: Cycle[Row] | None = None
        self._flying: Cycle[Row] | None = None
        self._batch: Batch | None = None
        self._flown_at = 0.0
        self._flown = 0
        """Records of the last batch."""
        self._took = 0.0
        """Seconds of the last commit."""
        self.positions: dict[Key, int] = {}
        """Committed offsets of the partitions that are ours."""

    def prepare(self) -> None:
        """Open the delivery. Blocks: in a thread, before the worker joins the group."""
        self._delivery.open()

    def start(self, landed: Callable[[Outcome], None]) -> None:
        """Start the committer. `landed` is called on the event loop with what became of each cycle."""
        self._loop = asyncio.get_running_loop()
        self._landed = landed
        self._committer.start()

    def close(self, seconds: float) -> bool:
        """End committer and delivery; False if they hang. From any thread."""
        return self._committer.close(seconds)

    @property
    def flying(self) -> bool:
        """Is a commit under way?"""
        return self._flying is not None

    @property
    def hangs(self) -> bool:
        """Does a commit take so long that it will never come back?"""
        limit = self._settings.transaction_timeout_seconds + 5
        return self._batch is not None and time.monotonic() - self._flown_at > limit

    async def abandon(self) -> Generation:
        """Leave a hanging commit to itself, with its thread and its delivery, and go on with new ones.

        Returns the generation of the cycle whose fate is unknown. Raises as `Delivery.open`.
        """
        assert self._batch is not None
        batch, self._batch = self._batch, None  # what becomes of it is not heard any more, but it flies until the end
        self._committer.abandon()
        delivery = self._new_delivery()
        await in_thread("take-over", delivery.open)  # from here on the old one is refused by the broker
        self._delivery = delivery
        self._committer = self._new_committer()
        self._committer.start()
        self._flying = None
        self._observer.cycle_dropped(batch.records)
        return batch.generation

    @property
    def pending(self) -> bool:
        """Is anything folded or flying that is not committed?"""
        current = self._current  # the watchdog's thread looks too
        return self.flying or (current is not None and not current.empty)

    def open(self, generation: Generation) -> Cycle[Row] | None:
        """The cycle to fold into; None while it is full."""
        cycle = self._current
        if cycle is None:
            cycle = self._current = Cycle(generation, self._partitions.store, self._codec, self._flying, self._folded)
        return None if self._full(cycle) else cycle

    def grows(self) -> float:
        """Seconds that the current cycle should wait for more records; 0 or less: seal it."""
        if self._current is None or self.flying or self._full(self._current):
            return 0.0
        worth = min(max(_GROW_SECONDS, _GROW_COMMITS * self._took), _GROW_MOST_SECONDS)
        return self._flown_at + min(worth, _GROW_SECONDS_PER_RECORD * self._flown) - time.monotonic()

    def seal(self) -> None:
        """Hand the current cycle to the committer, if that is free and there is anything to commit.

        Raises whatever the codec raises.
        """
        cycle = self._current
        if cycle is None or cycle.empty or cycle.spoiled or self.flying:
            return
        self._current = None
        batch = cycle.seal(self._fence)
        self._partitions.mark(batch)
        self._flown = batch.records
        self._flying, self._batch, self._flown_at = cycle, batch, time.monotonic()
        self._committer.submit(batch)

    def drop(self) -> None:
        """The generation is over: forget what is folded. What flies is refused by the broker."""
        if self._current is not None and not self._current.empty:
            self._observer.cycle_dropped(self._current.records)
        self._current = None

    def _full(self, cycle: Cycle[Row]) -> bool:
        return cycle.records >= self._settings.cycle_records or cycle.size >= self._settings.cycle_bytes

    def _new_committer(self) -> Committer:
        return Committer(self._delivery, self._partitions.store, self._from_thread)

    def _from_thread(self, outcome: Outcome) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._land, outcome)

    def _land(self, outcome: Outcome) -> None:
        if outcome.batch is not self._batch:
            return  # of an abandoned committer
        cycle, self._flying, self._batch = self._flying, None, None
        dropped = outcome.fenced or outcome.uncertain
        if dropped is not None:
            log.warning("cycle.dropped", reason=str(dropped), records=outcome.batch.records)
            self._observer.cycle_dropped(outcome.batch.records)
        elif outcome.error is None:
            assert cycle is not None
            self._committed(cycle, outcome.batch, outcome.seconds)
        assert self._landed is not None
        self._landed(outcome)

    def _committed(self, cycle: Cycle[Row], batch: Batch, seconds: float) -> None:
        self._took = seconds
        self.positions.update(batch.offsets)
        self._partitions.marked(batch)
        for callback in cycle.committed:
            callback()
        rows = sum(map(len, batch.rows.values()))
        self._observer.cycle_committed(batch.records, batch.size, len(batch.outputs), rows, seconds)

    def _fence(self) -> dict[Key, int]:
        """Offsets for a cycle that folded no run: one that is committed already, only to be fenced like the rest."""
        where, offset = next(iter(self.positions.items()))
        return {where: offset}


async def drained(cycles: "Cycles[Row]", changed: Callable[[], asyncio.Event], seconds: float) -> bool:
    """Commit all that is folded; False if that takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while cycles.pending:
        cycles.seal()
        left = deadline - time.monotonic()
        if left <= 0:
            log.warning("drain.incomplete", seconds=seconds)
            return False
        try:
            await asyncio.wait_for(changed().wait(), left)
        except TimeoutError:
            continue
    return True
