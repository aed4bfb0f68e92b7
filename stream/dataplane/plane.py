"""The data plane of one worker: takes runs from the source, lets agents fold them into cycles, commits these."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import structlog

from stream.dataplane import control
from stream.dataplane.committer import Committer, Outcome
from stream.dataplane.control import Key
from stream.dataplane.cycle import Batch, Codec, Cycle
from stream.dataplane.delivery import Delivery, Fenced
from stream.dataplane.observer import Observer, Silent
from stream.dataplane.partitions import Partitions
from stream.dataplane.run import Generation, Run
from stream.dataplane.settings import PlaneSettings
from stream.dataplane.source import Source
from stream.dataplane.waiting import WaitingRoom
from stream.errors import AgentFailed, HeartlineError

log = structlog.get_logger(__name__)

Row = TypeVar("Row")
Background = Callable[[Generation], Awaitable[None]]
Callback = Callable[[frozenset[int]], None]


class DataPlane(Generic[Row]):
    """One per worker process; all methods on the event loop unless they say otherwise."""

    def __init__(
        self,
        settings: PlaneSettings,
        codec: Codec[Row] | None = None,
        *,
        delivery: Delivery | None = None,
        observer: Observer | None = None,
    ) -> None:
        """`codec` is needed with a table. `delivery` defaults to the one that the settings name."""
        self.settings = settings
        self.observer: Observer = observer or Silent()
        self.app = control.new_app(settings, self)
        self._codec = codec
        self._delivery = delivery or self._new_delivery()
        self._partitions = Partitions(settings, self.observer, self.progress)
        self._source = Source(settings, self._arrived, self.fail)
        self._committer = Committer(self._delivery, self._partitions.store, self._settled)
        self._generation: Generation | None = None
        self._leaving = False
        self._waiting = WaitingRoom(settings.run_records)
        self._current: Cycle[Row] | None = None
        self._flying: Cycle[Row] | None = None
        self._positions: dict[Key, int] = {}
        self._changed = asyncio.Event()
        self._background: list[Background] = []
        self._assigned: list[Callback] = []
        self._revoked: list[Callback] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: HeartlineError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.progressed = time.monotonic()
        """When something was last folded, committed or assigned (monotonic): the watchdog looks at it."""

    # --- what a stage uses ---

    def agent(self, topic: str) -> Callable[[Callable[[Any], Awaitable[None]]], Any]:
        """Decorator: an agent over the runs of a topic, `async def f(stream): async for run in plane.runs(stream)`."""
        return self.app.agent(control.subscribe(self.app, topic), name=topic, concurrency=1)

    def background(self, work: Background) -> Background:
        """Decorator: `async def f(generation)` runs during each generation and is cancelled at its end."""
        self._background.append(work)
        return work

    def on_assigned(self, callback: Callback) -> None:
        """Call with the table's partitions after they are restored, before their sources are read."""
        self._assigned.append(callback)

    def on_revoked(self, callback: Callback) -> None:
        """Call with the table's partitions when they are about to go."""
        self._revoked.append(callback)

    async def runs(self, stream: Any) -> AsyncIterator[Run]:
        """The runs of an agent's stream; those of an old generation are left out."""
        async for event in stream.noack().events():
            run: Run = event.value
            if run.generation is not self._generation:
                continue
            self._waiting.taken(run)
            self._wake()
            if not self._leaving:
                yield run

    async def cycle(self, generation: Generation) -> Cycle[Row] | None:
        """The cycle to fold into, when it has room; None: the generation is over, drop what you hold.

        Use it up to the next await: it may be committed from then on.
        """
        await asyncio.sleep(0)  # one run each: commits, heartbeats and other agents get their turn
        while generation is self._generation and not self._leaving:
            cycle = self._current
            if cycle is None:
                cycle = self._current = Cycle(
                    generation, self._partitions.store, self._codec, self._flying, self._source.folded
                )
            if cycle.records < self.settings.cycle_records and cycle.size < self.settings.cycle_bytes:
                asyncio.get_running_loop().call_soon(self._seal)
                return cycle
            await self._changed.wait()
        return None

    def sources(self) -> list[str]:
        """The topics that agents read."""
        return sorted({name for agent in self.app.agents.values() for name in agent.get_topic_names()})

    def generation(self) -> Generation | None:
        """The present membership, for background work; None between two."""
        return None if self._leaving else self._generation

    def partitions(self, topic: str | None = None) -> frozenset[int]:
        """Partitions that are ours and ready: of a source topic, or (None) of the table."""
        if self._generation is None:
            return frozenset()
        if topic is None:
            return self._partitions.active
        return frozenset(partition for name, partition in self._positions if name == topic)

    def scan(self, partition: int, after: bytes | None, limit: int) -> list[bytes]:
        """Up to `limit` keys of the committed state in order behind `after`; see also `PartitionState.scan`."""
        return self._partitions.keys(partition, after, limit)

    def erase(self, partition: int, first: bytes, behind: bytes) -> None:
        """Delete the keys in [first, behind) from the local store and compact. Blocks: call it in a thread."""
        self._partitions.store(partition).erase(first, behind)

    def progress(self) -> None:
        """Tell the watchdog that an agent which waits for something else (a slow model) is alive."""
        self.progressed = time.monotonic()

    @property
    def ready(self) -> bool:
        """Assigned, restored, reading."""
        return self._generation is not None and not self._leaving

    @property
    def waiting(self) -> bool:
        """Is there work in memory that is not committed?"""
        return bool(self._waiting or self._flying or not self._idle()) or self._source.waiting()

    # --- what the watchdog and the worker look at ---

    @property
    def busy(self) -> bool:
        """Is there something to do that has to move?"""
        return self._generation is None or self.waiting

    @property
    def failure(self) -> HeartlineError | None:
        """The error that ends the process."""
        return self._failure

    def report(self) -> None:
        """Tell the observer lag and sizes."""
        for (topic, partition), position in self._positions.items():
            lag = self._source.lag((topic, partition), position)
            if lag is not None:
                self.observer.lag(topic, partition, lag)
        self._partitions.report()

    # --- what Faust's side calls ---

    async def next_run(self) -> Run:
        """The next run for an agent."""
        while (run := self._waiting.hand()) is None:
            await self._changed.wait()
        return run

    async def leave(self) -> None:
        """Commit what is folded, under the generation that is still ours, then drop the rest."""
        generation = self._generation
        if generation is None:
            return
        self._leaving = True
        self._source.revoke()
        await self._stop_background()
        await self._drain(self.settings.drain_seconds)
        for callback in self._revoked:
            callback(self._partitions.active)
        self._over(generation)

    async def enter(self, generation: Generation, sources: set[Key], active: set[int], standby: set[int]) -> None:
        """Offsets first, then the restore, then read from these offsets."""
        while self._flying is not None:  # the outcome of the last commit decides what the offsets are
            await self._changed.wait()
        starts = await self._partitions.prepare(self._source, sources, active, standby)
        self._positions = dict(starts)
        self._leaving = False
        self._generation = generation
        self.progressed = time.monotonic()
        for callback in self._assigned:
            callback(self._partitions.active)
        self._source.assign(generation, starts)
        self._wake()
        for work in self._background:
            self._start(work, generation)
        self.observer.rebalanced(len(sources), len(standby))
        log.info("generation.ready", number=generation.number, sources=len(sources), standby=sorted(standby))

    def fail(self, error: BaseException) -> None:
        """End the worker with this error. From any thread; the first one counts."""
        if isinstance(error, asyncio.CancelledError) or self._failure is not None or self._loop is None:
            return
        if not isinstance(error, HeartlineError):
            named = AgentFailed(f"{type(error).__name__}: {error}; nothing of the cycle was acknowledged")
            named.__cause__ = error
            error = named
        self._failure = error
        self._loop.call_soon_threadsafe(self._wake)

    # --- inside ---

    def _new_delivery(self) -> Delivery:
        if self.settings.delivery == "transactional":
            from stream.dataplane.delivery.transactional import TransactionalDelivery

            return TransactionalDelivery(self.settings)
        from stream.dataplane.delivery.plain import PlainDelivery

        return PlainDelivery(self.settings, self._commit_offsets)

    def _commit_offsets(self, batch: Batch) -> None:
        """From the committer's thread: commit as the member of the group that Faust's consumer is."""
        assert self._loop is not None
        done = asyncio.run_coroutine_threadsafe(self._commit_as_member(batch), self._loop)
        done.result(self.settings.commit_timeout_seconds)

    async def _commit_as_member(self, batch: Batch) -> None:
        if batch.generation is not self._generation:
            raise Fenced("the generation ended before the offsets were committed")
        consumer: Any = self.app.consumer
        if not await consumer.commit_offsets(batch.offsets):
            raise Fenced("the group had rebalanced when the offsets were committed")

    def _arrived(self, runs: Sequence[Run]) -> None:
        """From the source's thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._take, runs)

    def _take(self, runs: Sequence[Run]) -> None:
        self._waiting.add([run for run in runs if run.generation is self._generation])
        self._wake()

    def _settled(self, outcome: Outcome) -> None:
        """From the committer's thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._landed, outcome)

    def _landed(self, outcome: Outcome) -> None:
        batch = outcome.batch
        cycle, self._flying = self._flying, None
        if outcome.error is not None:
            self.fail(outcome.error)
        elif outcome.fenced is not None:
            log.warning("cycle.fenced", reason=str(outcome.fenced), records=batch.records)
            self.observer.cycle_dropped(batch.records)
            self._over(batch.generation)
        else:
            self.progressed = time.monotonic()
            self._positions.update(batch.offsets)
            self._partitions.marked(batch)
            for committed in cycle.committed if cycle is not None else ():
                committed()
            rows = sum(map(len, batch.rows.values()))
            self.observer.cycle_committed(batch.records, batch.size, len(batch.outputs), rows, outcome.seconds)
            self._seal()
        self._wake()

    def _seal(self) -> None:
        cycle = self._current
        if cycle is None or cycle.empty or self._flying is not None or self._failure is not None:
            return
        self._current = None
        try:
            batch = cycle.seal(self._fence)
        except Exception as error:  # noqa: BLE001  a codec that raises ends the process
            self.fail(error)
            return
        self._partitions.mark(batch)
        self._flying = cycle
        self._committer.submit(batch)

    def _fence(self) -> dict[Key, int]:
        """Offsets for a cycle that folded no run: one that is committed already, only to be fenced like the rest."""
        where, offset = next(iter(self._positions.items()))
        return {where: offset}

    def _over(self, generation: Generation) -> None:
        if generation is not self._generation:
            return
        self._source.revoke()
        self._generation = None
        self._leaving = False
        self._waiting.clear()
        if self._current is not None:
            self.observer.cycle_dropped(self._current.records)
            self._current = None
        for task in self._tasks:
            task.cancel()
        self._wake()

    async def _drain(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (self._flying is not None or not self._idle()) and self._failure is None and self._generation is not None:
            self._seal()
            left = deadline - time.monotonic()
            if left <= 0:
                log.warning("drain.incomplete", seconds=seconds)
                return
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                continue

    def _idle(self) -> bool:
        return self._current is None or self._current.empty

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _start(self, work: Background, generation: Generation) -> None:
        async def guarded() -> None:
            try:
                await work(generation)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001  the process ends with it
                self.fail(error)

        task = asyncio.get_running_loop().create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop_background(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=self.settings.drain_seconds)
