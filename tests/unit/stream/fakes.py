"""A data plane in memory: runs in, sends and rows out. It commits when told to."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

from stream.dataplane import Generation, Record, Run

GENERATION = Generation(1, "member", "group")


class Sent(NamedTuple):
    """A record of a cycle."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes | None]
    partition: int | None


class FakeState:
    """The rows of one partition, encoded as a store would keep them."""

    def __init__(self, codec: Any) -> None:
        self._codec = codec
        self.stored: dict[bytes, bytes] = {}
        self.forgotten: list[bytes] = []

    def get(self, key: bytes) -> Any:
        raw = self.stored.get(key)
        return None if raw is None else self._codec.decode(raw)

    def put(self, key: bytes, row: Any) -> None:
        self.stored[key] = self._codec.encode(row)

    def delete(self, key: bytes) -> None:
        self.stored.pop(key, None)

    def forget(self, key: bytes) -> None:
        self.forgotten.append(key)

    def scan(self, after: bytes | None, limit: int) -> list[tuple[bytes, Any]]:
        keys = sorted(key for key in self.stored if after is None or key > after)
        return [(key, self.get(key)) for key in keys[:limit]]


class FakeCycle:
    """Collects what is sent."""

    def __init__(self, plane: "FakePlane") -> None:
        self._plane = plane
        self.committed: list[Callable[[], None]] = []
        self.sent: list[Sent] = []
        self.finished: list[Run] = []

    def __enter__(self) -> None:
        """Nothing is committed by itself here."""

    def __exit__(self, *_: object) -> None:
        """See `Cycle`."""

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes | None]] | None = None,
        partition: int | None = None,
    ) -> None:
        self.sent.append(Sent(topic, key, value, dict(headers or ()), partition))

    def state(self, partition: int) -> FakeState:
        return self._plane.states.setdefault(partition, FakeState(self._plane.codec))

    def on_commit(self, callback: Callable[[], None]) -> None:
        self.committed.append(callback)

    def done(self, run: Run) -> None:
        self.finished.append(run)

    def commit(self) -> None:
        for callback in self.committed:
            callback()


class FakePlane:
    """One generation that owns the partitions it is given."""

    def __init__(self, codec: Any = None, partitions: frozenset[int] = frozenset({0})) -> None:
        self.codec = codec
        self.states: dict[int, FakeState] = {}
        self.current: FakeCycle | None = FakeCycle(self)
        self._partitions = partitions

    async def runs(self, stream: Sequence[Run]) -> AsyncIterator[Run]:
        for run in stream:
            yield run

    async def cycle(self, generation: Generation) -> FakeCycle | None:
        return self.current

    def partitions(self, topic: str | None = None) -> frozenset[int]:
        return self._partitions

    def assign(self, partitions: frozenset[int]) -> None:
        """Of the next generation."""
        self._partitions = partitions

    @property
    def sent(self) -> list[Sent]:
        assert self.current is not None
        return self.current.sent


def run_of(
    topic: str,
    *values: bytes | None,
    key: bytes | None = b"k",
    partition: int = 0,
    first_offset: int = 0,
    timestamp: int = 1000,
) -> Run:
    """A run of records, accepted by Kafka at `timestamp`."""
    records = [Record(first_offset + n, key, value, [("trace", b"t")], timestamp) for n, value in enumerate(values)]
    return Run(topic, partition, records, GENERATION)
