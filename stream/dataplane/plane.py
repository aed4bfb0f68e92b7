"""The data plane of one worker: takes runs from the source, lets agents fold them into cycles, commits these."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import structlog

from stream.dataplane import control, topics
from stream.dataplane.background import Background, Work
from stream.dataplane.committer import Outcome
from stream.dataplane.control import Key
from stream.dataplane.cycle import Batch, Codec, Cycle
from stream.dataplane.cycles import Cycles, drained
from stream.dataplane.delivery import Delivery, Fenced, Replaced
from stream.dataplane.delivery.plain import PlainDelivery
from stream.dataplane.delivery.transactional import TransactionalDelivery
from stream.dataplane.observer import Observer, Silent
from stream.dataplane.partitions import Partitions
from stream.dataplane.run import Generation, Run
from stream.dataplane.settings import PlaneSettings
from stream.dataplane.source import Source
from stream.dataplane.waiting import WaitingRoom
from stream.errors import AgentFailed, HeartlineError, WorkerFenced

log = structlog.get_logger(__name__)

Row = TypeVar("Row")
Callback = Callable[[frozenset[int]], None]


class DataPlane(Generic[Row]):
    """One per worker process; all methods on the event loop unless they say otherwise."""

    def __init__(
        self,
        settings: PlaneSettings,
        codec: Codec[Row] | None = None,
        *,
        observer: Observer | None = None,
    ) -> None:
        """`codec` is needed with a table."""
        self.settings = settings
        self.observer: Observer = observer or Silent()
        self.app = control.new_app(settings, self)
        self._partitions = Partitions(settings, self.observer, self.progress)
        self._source = Source(settings, self._arrived, self.fail)
        self._cycles: Cycles[Row] = Cycles(
            settings, self._new_delivery, self._partitions, codec, self.observer, self._source.folded
        )
        self._waiting = WaitingRoom(settings.run_records)
        self._background = Background(self.fail)
        self._assigned: list[Callback] = []
        self._revoked: list[Callback] = []
        self._generation: Generation | None = None
        self._leaving = False
        self._epoch = 0
        self._assignment: tuple[set[Key], set[int], set[int]] = set(), set(), set()
        self._beginning: asyncio.Task[None] | None = None
        self._growing: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._arrival = asyncio.Event()
        self.ended = asyncio.Event()
        """Set when the worker has failed."""
        self._failure: HeartlineError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.progressed = time.monotonic()
        """When something was last folded, committed or assigned (monotonic): the watchdog looks at it."""

    # --- what a stage uses ---

    def agent(self, topic: str) -> Callable[[Callable[[Any], Awaitable[None]]], Any]:
        """Decorator: an agent over the runs of a topic, `async def f(stream): async for run in plane.runs(stream)`."""
        return self.app.agent(control.subscribe(self.app, topic), name=topic, concurrency=1)

    def background(self, work: Work) -> Work:
        """Decorator: `async def f(generation)` runs during each generation and is cancelled at its end."""
        self._background.add(work)
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
            self._arrival.set()
            if not self._leaving:
                yield run

    async def cycle(self, generation: Generation) -> Cycle[Row] | None:
        """The cycle to fold into, when it has room; None: the generation is over, drop what you hold.

        Use it up to the next await: it may be committed from then on.
        """
        await asyncio.sleep(0)  # one run each: commits, heartbeats and other agents get their turn
        while generation is self._generation and not self._leaving and self._cycles.positions:
            cycle = self._cycles.open(generation)
            if cycle is not None:
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
        return frozenset(partition for name, partition in self._cycles.positions if name == topic)

    def scan(self, partition: int, after: bytes | None, limit: int) -> list[bytes]:
        """Up to `limit` keys of the committed state in order behind `after`; see also `PartitionState.scan`."""
        return self._partitions.keys(partition, after, limit)

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
        return bool(self._waiting) or self._cycles.pending or self._source.waiting()

    def fail(self, error: BaseException) -> None:
        """End the worker with this error. From any thread; the first one counts."""
        if isinstance(error, asyncio.CancelledError) or self._failure is not None:
            return
        if not isinstance(error, HeartlineError):
            named = AgentFailed(f"{type(error).__name__}: {error}; nothing of the cycle was acknowledged")
            named.__cause__ = error
            error = named
        self._failure = error
        if self._loop is not None:  # else `start` looks
            self._loop.call_soon_threadsafe(self._end)

    # --- what the worker and the watchdog use ---

    @property
    def busy(self) -> bool:
        """Is there something to do that has to move?"""
        return self._generation is None or self.waiting

    @property
    def failure(self) -> HeartlineError | None:
        """The error that ends the process."""
        return self._failure

    def prepare(self) -> None:
        """Everything that has to be right before the group gives us partitions. Blocks: in a thread."""
        self._partitions.open(topics.check(self.settings, self.sources()))
        self._cycles.prepare()

    def start(self) -> None:
        """Start the threads; Faust's app is started after this."""
        self._loop = asyncio.get_running_loop()
        if self._failure is not None:
            self._end()
        self._cycles.start(self._landed)
        self._source.start()

    def release(self, seconds: float) -> None:
        """End the threads and close the stores. Blocks: in a thread, after Faust's app is stopped."""
        self._source.close(seconds)
        if self._cycles.close(seconds):
            self._partitions.close(seconds)

    async def look_after_commits(self) -> None:
        """Go on without a commit that hangs. Called now and then."""
        if self._cycles.hangs and self._failure is None:
            log.warning("commit.hangs")
            self._begin_again(await self._cycles.abandon())
            self._wake()

    def report(self) -> None:
        """Tell the observer lag and sizes."""
        for (topic, partition), position in self._cycles.positions.items():
            lag = self._source.lag((topic, partition), position)
            if lag is not None:
                self.observer.lag(topic, partition, lag)
        self._partitions.report()

    # --- what Faust's side calls ---

    async def next_run(self) -> Run:
        """The next run for an agent."""
        while (run := self._waiting.hand()) is None:
            self._arrival.clear()
            await self._arrival.wait()
        return run

    async def leave(self) -> None:
        """Commit what is folded, under the generation that is still ours, then drop the rest."""
        self._epoch += 1  # an assignment that is still being prepared will not begin
        self._partitions.cancel()
        generation = self._generation
        if generation is None:
            return
        self._leaving = True
        self._source.revoke()
        await self._background.stop(self.settings.drain_seconds)
        if self._failure is None:
            await drained(self._cycles, lambda: self._changed, self.settings.drain_seconds)
        for callback in self._revoked:
            callback(self._partitions.active)
        self._over(generation)

    async def enter(self, generation: Generation, sources: set[Key], active: set[int], standby: set[int]) -> None:
        """Offsets first, then the restore, then read from these offsets."""
        epoch = self._epoch
        self._assignment = sources, active, standby
        while self._cycles.flying:  # the outcome of the last commit decides what the offsets are
            await self._changed.wait()
        starts = await self._partitions.prepare(self._source, sources, active, standby)
        if epoch != self._epoch:
            return
        if self._generation is not None:
            self._over(self._generation)
        self._cycles.positions = dict(starts)
        self._generation = generation
        self.progress()
        for callback in self._assigned:
            callback(self._partitions.active)
        self._source.assign(generation, starts)
        self._background.start(generation)
        self._wake()
        self.observer.rebalanced(len(sources), len(standby))
        log.info("generation.ready", number=generation.number, sources=len(sources), standby=sorted(standby))

    async def commit_as_member(self, batch: Batch) -> None:
        """Commit as the member of the group that Faust's consumer is (for brokers without transactions)."""
        if batch.generation is not self._generation:
            raise Fenced("the generation ended before the offsets were committed")
        consumer: Any = self.app.consumer
        if not await consumer.commit_offsets(batch.offsets):
            raise Fenced("the group had rebalanced when the offsets were committed")

    # --- inside ---

    def _new_delivery(self) -> Delivery:
        if self.settings.delivery == "transactional":
            return TransactionalDelivery(self.settings)
        return PlainDelivery(self.settings, self._commit_offsets)

    def _commit_offsets(self, batch: Batch) -> None:
        """From the committer's thread."""
        assert self._loop is not None
        done = asyncio.run_coroutine_threadsafe(self.commit_as_member(batch), self._loop)
        done.result(self.settings.commit_timeout_seconds)

    def _arrived(self, runs: Sequence[Run]) -> None:
        """From the source's thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._take, runs)

    def _take(self, runs: Sequence[Run]) -> None:
        self._waiting.add([run for run in runs if run.generation is self._generation])
        self._arrival.set()

    def _seal(self) -> None:
        if self._failure is not None:
            return
        seconds = self._cycles.grows()
        if seconds > 0:
            self._growing = self._growing or asyncio.get_running_loop().call_later(seconds, self._grown)
            return
        try:
            self._cycles.seal()
        except Exception as error:  # noqa: BLE001  a codec that raises ends the process
            self.fail(error)

    def _grown(self) -> None:
        self._growing = None
        self._seal()

    def _landed(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._cycles.drop()  # what was folded on top of it must not be committed without it
            self.fail(outcome.error)
        elif outcome.fenced is not None:
            self._refused(outcome.fenced, outcome.batch.generation)
        elif outcome.uncertain is not None:
            self._begin_again(outcome.batch.generation)
        else:
            self.progress()
            self._seal()
        self._wake()

    def _refused(self, fenced: Fenced, generation: Generation) -> None:
        if isinstance(fenced, Replaced) and not self._leaving and self.app.is_member(generation):
            self.fail(
                WorkerFenced(
                    f"another process joined the group {generation.group} as {generation.instance_id!r} ({fenced}): "
                    "another process uses this worker id; give every worker an id of its own, then start again"
                )
            )
        self._over(generation)

    def _over(self, generation: Generation) -> None:
        if generation is not self._generation:
            return
        self._source.revoke()
        self._generation = None
        self._leaving = False
        self._waiting.clear()
        self._cycles.drop()
        self._background.cancel()
        self._wake()

    def _begin_again(self, generation: Generation) -> None:
        """The same assignment once more, from what is committed."""
        if generation is not self._generation:
            return
        if self._leaving:
            self._cycles.drop()  # what was folded on top of it must not be committed without it
            return
        self._over(generation)
        epoch = self._epoch

        async def begin() -> None:
            if epoch != self._epoch:  # the group has rebalanced since: Faust brings the next assignment
                return
            try:
                await self.enter(replace(generation), *self._assignment)
            except Exception as error:  # noqa: BLE001  the process ends with it
                self.fail(error)

        self._beginning = asyncio.get_running_loop().create_task(begin())

    def _end(self) -> None:
        self.ended.set()
        self._wake()

    def _wake(self) -> None:
        """A commit, a generation or a failure: whoever waits for room or for a commit looks again."""
        self._changed.set()
        self._changed = asyncio.Event()
