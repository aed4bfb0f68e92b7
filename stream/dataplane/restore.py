"""Brings local stores up to the end of the changelog, in bulk and by position, and keeps standbys there."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from stream.dataplane.kafka_errors import named
from stream.dataplane.observer import Observer
from stream.dataplane.settings import PlaneSettings
from stream.dataplane.store import PartitionStore
from stream.errors import ChangelogRecreated

log = structlog.get_logger(__name__)

_BATCH = 5_000
_POLL_SECONDS = 0.1
_RETRY_SECONDS = 5.0


class Tail:
    """Reads partitions of a changelog (read committed) behind their stores, and writes what it reads into them."""

    def __init__(self, settings: PlaneSettings, changelog: str, stores: Mapping[int, PartitionStore]) -> None:
        self._stores = stores
        self.next = {partition: _behind(store, 0) for partition, store in stores.items()}
        """Per partition, the next offset to read; behind the markers of transactions once its end was seen."""
        self._consumer = Consumer(
            settings.client(
                **{
                    "group.id": f"{settings.application}-restore",
                    "isolation.level": "read_committed",
                    "enable.partition.eof": True,
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
                    "fetch.message.max.bytes": 1 << 20,
                    "queued.max.messages.kbytes": 8 << 10,
                    "check.crcs": False,
                    "fetch.queue.backoff.ms": 5,  # three times as fast as with the default of a second
                }
            )
        )
        self._consumer.assign([TopicPartition(changelog, p, _behind(store)) for p, store in stores.items()])

    def step(self) -> int:
        """Read and write what is there, at most a batch; returns the number of records.

        Raises:
            BrokerUnreachable: no broker.
            DiskFull: no room.
        """
        first = self._consumer.poll(_POLL_SECONDS)
        if first is None:
            return 0
        rows, newest = self._sort([first, *self._consumer.consume(_BATCH - 1, 0)])
        for partition, offset in newest.items():
            self._stores[partition].write(rows[partition], offset, logged=False)
            self.next[partition] = offset + 1
        return sum(map(len, rows.values()))

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _sort(self, messages: Sequence[Message]) -> tuple[dict[int, list[tuple[bytes, bytes | None]]], dict[int, int]]:
        rows: dict[int, list[tuple[bytes, bytes | None]]] = {p: [] for p in self._stores}
        newest: dict[int, int] = {}
        for message in messages:
            partition: int = message.partition()  # type: ignore[assignment]
            offset: int = message.offset()  # type: ignore[assignment]
            error = message.error()
            if error is None:
                rows[partition].append((message.key(), message.value()))  # type: ignore[arg-type]
                newest[partition] = offset
            elif error.code() == KafkaError._PARTITION_EOF:
                if offset > 0:
                    newest[partition] = offset - 1
            elif not error.retriable() and error.code() not in (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN):
                raise named(error, "reading the changelog")
        return rows, newest


class Restorer:
    """Restores the active partitions before any of their sources is read."""

    def __init__(self, settings: PlaneSettings, observer: Observer, progress: Callable[[], None]) -> None:
        """`progress` is called while records come."""
        self._settings = settings
        self._observer = observer
        self._progress = progress

    def restore(self, changelog: str, stores: Mapping[int, PartitionStore], cancelled: threading.Event) -> int:
        """Apply everything up to the present end of the changelog; returns how many records.

        The end is that of all records, committed or not: the marker of a transaction whose offsets are stable already
        may still be on its way to the changelog. An open transaction of a dead worker is waited for.
        """
        started = time.monotonic()
        known = self._ends(changelog, sorted(stores))
        for partition, end in known.items():
            self._check_end(changelog, partition, end, stores[partition])
        ends = {p: end for p, end in known.items() if end > _behind(stores[p], 0)}
        count = 0
        if ends:
            tail = Tail(self._settings, changelog, {p: stores[p] for p in ends})
            try:
                while not cancelled.is_set() and not all(tail.next[p] >= ends[p] for p in ends):
                    count += tail.step()
                    self._report(ends, tail)
            finally:
                tail.close()
        for store in stores.values():
            store.flush()  # these rows are in no write-ahead log, and what is committed from now on is
        seconds = time.monotonic() - started
        log.info("restore.done", partitions=len(stores), records=count, seconds=round(seconds, 3))
        return count

    def _report(self, ends: Mapping[int, int], tail: Tail) -> None:
        self._progress()
        for partition, end in ends.items():
            self._observer.recovering(partition, max(0, end - tail.next[partition]))

    def _check_end(self, changelog: str, partition: int, end: int, store: PartitionStore) -> None:
        if _behind(store, 0) > end:
            raise ChangelogRecreated(
                f"the state in {store.path} is at offset {store.offset()} of {changelog}[{partition}], which ends at "
                f"{end}: the changelog was recreated; stop all workers of the stage, run "
                "`heartline state reset --everywhere`, then start again"
            )

    def _ends(self, changelog: str, partitions: Sequence[int]) -> dict[int, int]:
        admin = AdminClient(self._settings.client())
        latest: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked = {TopicPartition(changelog, p): latest for p in partitions}
        if not asked:
            return {}
        futures = admin.list_offsets(asked, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=30)
        try:
            return {tp.partition: future.result(timeout=60).offset for tp, future in futures.items()}
        except KafkaException as exception:
            raise named(exception.args[0], "asking for the end of the changelog") from exception


class Standbys:
    """Keeps the stores of standby partitions near the end of the changelog, in a thread."""

    def __init__(self, settings: PlaneSettings) -> None:
        self._settings = settings
        self._tail: Tail | None = None
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, changelog: str, stores: Mapping[int, PartitionStore]) -> None:
        """Follow these from now on, until `leave`."""
        self.leave()
        if not stores:
            return
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(changelog, stores), name="standbys", daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Stop following; when this returns nothing is written to the stores any more."""
        self._leave.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _work(self, changelog: str, stores: Mapping[int, PartitionStore]) -> None:
        leave = self._leave
        while not leave.is_set():
            try:
                self._follow(changelog, stores, leave)
            except Exception as error:  # noqa: BLE001  a standby is a convenience: its worker goes on without it
                log.warning("standby.retries", error=str(error), partitions=sorted(stores), seconds=_RETRY_SECONDS)
                leave.wait(_RETRY_SECONDS)

    def _follow(self, changelog: str, stores: Mapping[int, PartitionStore], leave: threading.Event) -> None:
        tail = Tail(self._settings, changelog, stores)  # from where the stores are
        try:
            while not leave.is_set():
                tail.step()
        finally:
            tail.close()


def _behind(store: PartitionStore, beginning: int = OFFSET_BEGINNING) -> int:
    offset = store.offset()
    return beginning if offset is None else offset + 1
