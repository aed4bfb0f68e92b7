"""A cycle: all runs since the last commit, folded in memory, committed as one transaction."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from stream.dataplane.run import Generation, Headers, Run
from stream.dataplane.store import META, PartitionStore

Row = TypeVar("Row")

Output = tuple[str, bytes | None, bytes | None, Headers | None, int]
"""Topic, value, key, headers, partition (-1: by key)."""


class _Missing:
    """Marks a key that an overlay does not know (None is a deleted row)."""


_MISSING = _Missing()


class _Closed(list[Output]):
    def append(self, output: Output) -> None:
        raise RuntimeError(LATE)


LATE = "this cycle is already being committed: do not await between cycle() and its last use"
_CLOSED = _Closed()


class Codec(Protocol[Row]):
    """A row of state to bytes and back.

    `decode` raises `NewerStateRow` for a row that a newer version wrote; the data plane passes it through.
    """

    def encode(self, row: Row) -> bytes:
        """The bytes that go to changelog and store."""

    def decode(self, raw: bytes) -> Row:
        """The row, upgraded if an older version wrote it."""


class PartitionState(Generic[Row]):
    """The rows of one partition as this cycle sees them: its own changes, those being committed, the store."""

    __slots__ = ("_decode", "_get", "_older", "_rows", "_store", "forgotten")

    def __init__(self, store: PartitionStore, older: "dict[bytes, Row | None]", decode: Callable[[bytes], Row]) -> None:
        self._rows: dict[bytes, Row | None] = {}
        self.forgotten: list[bytes] = []
        self._older = older
        self._store = store
        self._get = store.get
        self._decode = decode

    def get(self, key: bytes) -> Row | None:
        """The row, or None. It may be changed in place and then `put`; a change without `put` is lost or worse."""
        row = self._rows.get(key, _MISSING)
        if row is _MISSING:
            row = self._older.get(key, _MISSING)
            if row is _MISSING:
                raw = self._get(key)
                return None if raw is None else self._decode(raw)
        return row  # type: ignore[return-value]

    def put(self, key: bytes, row: Row) -> None:
        """Write the row with this cycle. It is encoded once, when the cycle is sealed."""
        self._rows[key] = row

    def delete(self, key: bytes) -> None:
        """Delete the row with this cycle; the changelog gets a tombstone."""
        self._rows[key] = None

    def forget(self, key: bytes) -> None:
        """Besides what is put or deleted: let nothing older of the row stay on this worker's disk."""
        self.forgotten.append(key)

    def scan(self, after: bytes | None, limit: int) -> list[tuple[bytes, Row]]:
        """Up to `limit` rows in key order behind `after`, as this cycle sees them.

        Rows that are not in the store yet come too, deleted ones do not: a sweep may not miss what was created since
        the last commit.
        """
        while True:
            stored = dict(islice(self._store.items(after), limit))
            last = next(reversed(stored)) if len(stored) == limit else None
            keys = self._merged(stored, after, last)
            found = [(key, row) for key in keys[:limit] if (row := self._row(key, stored)) is not None]
            if found or (last is None and len(keys) <= limit):
                return found
            after = keys[:limit][-1]  # all of them deleted: go on, an empty answer is the end

    def _merged(self, stored: dict[bytes, bytes], after: bytes | None, last: bytes | None) -> list[bytes]:
        created = {
            key
            for rows in (self._older, self._rows)
            for key in rows
            if key not in stored and (after is None or key > after) and (last is None or key < last)
        }
        return sorted([*stored, *created]) if created else list(stored)

    def _row(self, key: bytes, stored: dict[bytes, bytes]) -> Row | None:
        row = self._rows.get(key, _MISSING)
        if row is _MISSING:
            row = self._older.get(key, _MISSING)
        return self._decode(stored[key]) if row is _MISSING else row  # type: ignore[return-value]


@dataclass(slots=True)
class Batch:
    """A sealed cycle: bytes only, ready for a delivery."""

    generation: Generation
    outputs: list[Output]
    rows: dict[int, list[tuple[bytes, bytes | None]]]
    offsets: dict[tuple[str, int], int]
    """Next offset to read, by source topic and partition; never empty: it carries the fence."""
    records: int
    size: int
    forgotten: dict[int, list[bytes]] = field(default_factory=dict)
    """Keys by partition of which nothing older may stay on the disk."""
    changelog_offsets: dict[int, int] = field(default_factory=dict)
    """Filled by the delivery: offset of the last changelog record per partition."""


class Cycle(Generic[Row]):
    """Collects outputs, rows and offsets. Synchronous; only on the event loop, and only until the next await.

    `with cycle:` holds together what must be committed together, a run and what came of it: if the block raises,
    nothing of this cycle is committed any more.
    """

    def __init__(
        self,
        generation: Generation,
        stores: Callable[[int], PartitionStore],
        codec: Codec[Row] | None,
        older: "Cycle[Row] | None",
        folded: Callable[[Run], None],
    ) -> None:
        """`older` is the cycle that is being committed; `folded` hears of each run that is done."""
        self.generation = generation
        self.records = 0
        self.size = 0
        self.runs = 0
        self.spoiled = False
        """A part of something is in it: it must not be committed."""
        self.committed: list[Callable[[], None]] = []
        self._stores = stores
        self._codec = codec
        self._older = older
        self._folded = folded
        self._outputs: list[Output] = []
        self._states: dict[int, PartitionState[Row]] = {}
        self._offsets: dict[tuple[str, int], int] = {}
        self._sealed = False

    def __enter__(self) -> None:
        """What follows is committed whole or not at all."""

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """It is whole, unless it was left by an error."""
        self.spoiled = self.spoiled or error is not None

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: Headers | None = None,
        partition: int | None = None,
    ) -> None:
        """Produce a record with this cycle; the partition comes from the key (murmur2) unless given."""
        self._outputs.append((topic, value, key, headers, -1 if partition is None else partition))
        if value is not None:
            self.size += len(value)

    def state(self, partition: int) -> PartitionState[Row]:
        """The rows of a partition that this worker owns."""
        state = self._states.get(partition)
        if state is None:
            state = self._states[partition] = self._open(partition)
        return state

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call this on the event loop once the cycle is committed; never if it is dropped."""
        self.committed.append(callback)

    def done(self, run: Run) -> None:
        """The run is folded: its offsets are committed with this cycle. Runs of a partition come in order."""
        if self._sealed:
            raise RuntimeError(LATE)
        self._offsets[run.topic, run.partition] = run.records[-1].offset + 1
        self.records += len(run.records)
        self.size += run.size
        self.runs += 1
        self._folded(run)

    @property
    def empty(self) -> bool:
        """Nothing to commit."""
        return not (self.runs or self._outputs or any(state._rows for state in list(self._states.values())))

    def rows(self, partition: int) -> "dict[bytes, Row | None]":
        """The rows changed in this cycle (the overlay of the next one)."""
        state = self._states.get(partition)
        return {} if state is None else state._rows

    def seal(self, fence: Callable[[], dict[tuple[str, int], int]]) -> Batch:
        """Encode the rows once and close the cycle. `fence` gives offsets to commit when no run was folded."""
        self._sealed = True
        self._older = None  # so that old overlays do not hang on a chain
        rows = {p: list(self._encoded(state._rows)) for p, state in self._states.items() if state._rows}
        offsets = self._offsets or fence()
        forgotten = {p: state.forgotten for p, state in self._states.items() if state.forgotten}
        batch = Batch(self.generation, self._outputs, rows, offsets, self.records, self.size, forgotten)
        self._outputs = _CLOSED  # whoever kept this cycle across an await hears of it
        for state in self._states.values():
            state._rows = MappingProxyType(state._rows)  # type: ignore[assignment]
        return batch

    def _encoded(self, rows: "dict[bytes, Row | None]") -> Iterable[tuple[bytes, bytes | None]]:
        assert self._codec is not None
        encode = self._codec.encode
        for key, row in rows.items():
            if key.startswith(META):
                raise ValueError(f"key {key!r} begins with a zero byte, which is the data plane's own")
            yield key, None if row is None else encode(row)

    def _open(self, partition: int) -> PartitionState[Row]:
        if self._sealed:
            raise RuntimeError(LATE)
        if self._codec is None:
            raise RuntimeError("this stage has no table: give the data plane a codec and a table")
        older = {} if self._older is None else self._older.rows(partition)
        return PartitionState(self._stores(partition), older, self._codec.decode)
