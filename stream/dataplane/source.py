"""Reads the source topics with a librdkafka consumer in a thread of its own, and hands over runs.

Faust's member of the group decides which partitions are ours; it fetches nothing itself. This consumer is assigned by
hand: it joins no group.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from stream.dataplane.kafka_errors import named
from stream.dataplane.messages import to_runs
from stream.dataplane.run import Generation, Run
from stream.dataplane.settings import PlaneSettings
from stream.errors import BrokerUnreachable, HeartlineError, SourceRecreated

log = structlog.get_logger(__name__)

Key = tuple[str, int]
_POLL_SECONDS = 0.1
_PAUSED_POLL_SECONDS = 0.005
_LOOK_SECONDS = 2.0
_HAND_SECONDS = 0.005
_CALL_SECONDS = 10.0
_LEADER_SECONDS = 0.2
_NO_LEADER_YET = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE}


@dataclass(slots=True)
class _Room:
    """What waits in memory of one partition: handed over and not yet folded."""

    records: int = 0
    size: int = 0


@dataclass(slots=True)
class _Assignment:
    generation: Generation
    rooms: dict[Key, _Room] = field(default_factory=dict)


class Source:
    """Back-pressure is per partition: one whose runs are not folded is paused, the others go on.

    confluent-kafka lets a call of one thread wait until the call of another returns: so only this thread calls.
    """

    def __init__(
        self,
        settings: PlaneSettings,
        deliver: Callable[[Sequence[Run]], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        """`deliver` and `fail` are called from the thread."""
        self._settings = settings
        self._deliver = deliver
        self._fail = fail
        self._assignment: _Assignment | None = None
        self.folded_before: frozenset[Key] = frozenset()
        """Partitions of which the group had folded something when their offsets were last asked for."""
        self._lock = threading.Lock()
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._paused: set[Key] = set()
        self._closing = False
        self._looked = 0.0
        self._handed = 0.0
        self._ends: dict[Key, int] = {}
        self._reached: dict[Key, int] = {}
        self._thread = threading.Thread(target=self._work, name="source", daemon=True)
        self._consumer = Consumer(_properties(settings))

    def start(self) -> None:
        """Start reading whatever gets assigned."""
        self._thread.start()

    def committed(self, partitions: Iterable[Key]) -> dict[Key, int]:
        """Where to start: the group's offsets with stable reads required, else the first record that exists.

        Blocks while a transaction of a dead worker with these offsets is open (at most its timeout). From any thread
        but the source's own.

        Raises:
            SourceRecreated: the group's offset lies behind the end of the topic, and there is state of its old life.
            BrokerUnreachable: no answer.
        """
        asked = [TopicPartition(topic, partition) for topic, partition in partitions]
        answer: Future[dict[Key, int]] = Future()

        def ask() -> None:
            try:
                answer.set_result(self._committed(asked))
            except HeartlineError as error:
                answer.set_exception(error)

        self._calls.put(ask)
        try:
            return answer.result(2 * self._settings.commit_timeout_seconds)
        except TimeoutError:
            raise BrokerUnreachable("reading the committed offsets: no answer; check the brokers") from None

    def assign(self, generation: Generation, starts: Mapping[Key, int]) -> None:
        """Read from these offsets under this generation."""
        assignment = _Assignment(generation, {key: _Room() for key in starts})

        def start() -> None:
            partitions = [TopicPartition(topic, p, offset) for (topic, p), offset in starts.items()]
            self._consumer.assign(partitions)
            self._consumer.resume(partitions)  # librdkafka remembers a pause across assignments
            self._paused = set()
            self._reached = {}
            self._assignment = assignment

        self._calls.put(start)

    def revoke(self) -> None:
        """Stop reading; what is fetched and not handed over is dropped."""

        def stop() -> None:
            self._assignment = None
            self._consumer.unassign()

        self._assignment = None  # at once: nothing more is handed over
        self._calls.put(stop)

    def folded(self, run: Run) -> None:
        """A run has left the waiting room."""
        assignment = self._assignment
        if assignment is None or assignment.generation is not run.generation:
            return
        room = assignment.rooms[run.topic, run.partition]
        with self._lock:
            room.records -= len(run.records)
            room.size -= run.size

    def waiting(self) -> bool:
        """Has something been handed over that is not folded?"""
        assignment = self._assignment
        return assignment is not None and any(room.records for room in assignment.rooms.values())

    def lag(self, where: Key, position: int) -> int | None:
        """Records between what is folded and the end, a second or two old; None: not known yet.

        The last offsets of a topic written in transactions are markers that nobody reads: the end counts as reached
        when Kafka said so.
        """
        assignment, end = self._assignment, self._ends.get(where)
        if assignment is None or end is None or where not in assignment.rooms:
            return None
        if assignment.rooms[where].records == 0:
            position = max(position, self._reached.get(where, 0))
        return max(0, end - position)

    def close(self, seconds: float) -> None:
        """End the thread and the consumer."""
        self._closing = True
        self._calls.put(lambda: None)
        if self._thread.is_alive():
            self._thread.join(seconds)
        if not self._thread.is_alive():
            self._consumer.close()

    def _work(self) -> None:
        try:
            while not self._closing:
                self._call()
                assignment = self._assignment
                if assignment is not None:
                    self._resume(assignment)
                    self._fetch(assignment)
        except HeartlineError as error:
            self._fail(error)
        except KafkaException as exception:
            self._fail(named(exception.args[0], "reading the source topics"))
        except Exception as error:  # noqa: BLE001  a thread that ends in silence would leave a worker idle for ever
            self._fail(error)

    def _call(self) -> None:
        """Do what other threads asked for; without an assignment, wait for it."""
        try:
            while True:
                self._calls.get(block=self._assignment is None, timeout=_POLL_SECONDS)()
        except queue.Empty:
            return

    def _fetch(self, assignment: _Assignment) -> None:
        first = self._consumer.poll(_PAUSED_POLL_SECONDS if self._paused else _POLL_SECONDS)
        self._look(assignment)
        if first is None:
            return
        # Each handing-over costs the event loop as much as dozens of records: so often at most, unless there are many.
        pause = max(0.0, self._handed + _HAND_SECONDS - time.monotonic())
        messages = [first, *self._consumer.consume(self._settings.run_records - 1, pause)]
        self._handed = time.monotonic()
        runs = to_runs(messages, assignment.generation, self._event)
        if self._assignment is not assignment:  # revoked in between: it belongs to nobody
            return
        for run in runs:
            self._fill(assignment.rooms[run.topic, run.partition], run)
        if runs:
            self._deliver(runs)

    def _look(self, assignment: _Assignment) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        ends: dict[Key, int] = {}
        for topic, partition in assignment.rooms:
            _, high = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
            if high >= 0:
                ends[topic, partition] = high
        self._ends = ends

    def _committed(self, asked: list[TopicPartition]) -> dict[Key, int]:
        starts: dict[Key, int] = {}
        folded: set[Key] = set()
        try:
            answered = self._consumer.committed(asked, self._settings.commit_timeout_seconds) if asked else []
            for tp in answered:
                if tp.error is not None:
                    raise KafkaException(tp.error)
                low, high = self._watermarks(tp)
                starts[tp.topic, tp.partition] = self._start(tp, low, high)
                if tp.offset > low:
                    folded.add((tp.topic, tp.partition))
        except KafkaException as exception:
            raise named(exception.args[0], "reading the committed offsets") from exception
        self.folded_before = frozenset(folded)
        return starts

    def _watermarks(self, tp: TopicPartition) -> tuple[int, int]:
        """The bounds of a partition. One that was just made, or moves, has no leader for a moment."""
        deadline = time.monotonic() + self._settings.commit_timeout_seconds
        while True:
            try:
                low, high = self._consumer.get_watermark_offsets(tp, _CALL_SECONDS)
            except KafkaException as exception:
                if exception.args[0].code() not in _NO_LEADER_YET or time.monotonic() > deadline:
                    raise
                time.sleep(_LEADER_SECONDS)
            else:
                return low, high

    def _fill(self, room: _Room, run: Run) -> None:
        with self._lock:
            room.records += len(run.records)
            room.size += run.size
            full = room.records > self._settings.buffer_records or room.size > self._settings.buffer_bytes
        where = run.topic, run.partition
        if full and where not in self._paused:
            self._consumer.pause([TopicPartition(*where)])
            self._paused.add(where)

    def _resume(self, assignment: _Assignment) -> None:
        settings = self._settings
        for where in list(self._paused):
            room = assignment.rooms[where]
            if room.records <= settings.buffer_records // 4 and room.size <= settings.buffer_bytes // 4:
                self._consumer.resume([TopicPartition(*where)])
                self._paused.discard(where)

    def _event(self, message: Any) -> None:
        error: KafkaError = message.error()
        if error.code() == KafkaError._PARTITION_EOF:
            self._reached[message.topic(), message.partition()] = message.offset()
        elif error.retriable() or error.code() in _PASSING:
            log.warning("source.error", error=str(error))
        else:
            raise named(error, "reading the source topics")

    def _start(self, tp: TopicPartition, low: int, high: int) -> int:
        if tp.offset < 0:
            return low
        if tp.offset > high:
            if self._settings.table is None:  # no state knows the old life of the topic: the new one is read whole
                log.warning("source.recreated", topic=tp.topic, partition=tp.partition, old_offset=tp.offset, end=high)
                return low
            raise SourceRecreated(
                f"the group {self._settings.application} is at offset {tp.offset} of {tp.topic}[{tp.partition}], which "
                f"ends at {high}: the topic was recreated; stop all workers of the stage, run "
                "`heartline state reset --everywhere`, then start again"
            )
        if tp.offset < low:
            log.warning("source.gap", topic=tp.topic, partition=tp.partition, lost_from=tp.offset, lost_to=low)
            return low
        return tp.offset


def _properties(settings: PlaneSettings) -> dict[str, Any]:
    return settings.client(
        **{
            "group.id": settings.application,
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 500,
            "fetch.message.max.bytes": 1 << 20,
            "queued.max.messages.kbytes": 16 << 10,
            "queued.min.messages": 50_000,
            "fetch.error.backoff.ms": 50,
            "fetch.queue.backoff.ms": 5,  # by default a full queue is looked at after a second: it has run dry by then
        }
    )


_PASSING = {
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._RESOLVE,
    KafkaError._TIMED_OUT,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
