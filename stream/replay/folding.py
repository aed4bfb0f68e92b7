"""The fold of one partition apart from the workers: their own code and cycles, over a RocksDB that goes away after."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

import msgspec

from models.health.bands import BANDS
from models.health.control_row import ControlRow, InForce
from models.health.fold import PartitionFold
from models.health.model import HealthModel, document_digest
from models.health.state import ContactState
from schemas.base import Band, UtcTime, to_milliseconds
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_BAND_CHANGES, HEALTH_SCORES, HEALTH_SIGNALS, TOPICS
from schemas.control import ModelPublished
from schemas.decoding import decode_signal
from schemas.scores import BandChanged
from schemas.signals import Signal
from stream.dataplane import Cycle, Generation, Headers, Record, Run
from stream.dataplane.store import PartitionStore, Stores
from stream.dead_letters import Limit
from stream.metrics import Metrics
from stream.model_rows import BEHIND, ModelRows
from stream.scoring import Row, RowCodec, Scoring
from stream.table import CONTROL_KEY

T = TypeVar("T")

RUN_RECORDS = 1000
SWEEP_CHUNKS = 40
TICKS_AT_ONCE = 16
"""So many ticks and models wait before they are swept together: each row is then read once for all of them."""
MINUTES_AT_ONCE = 1440
"""The same for the minutes of the clock: the control row holds those by which rows may be due."""
BLOCK_CACHE_BYTES, WRITE_BUFFER_BYTES = 32 << 20, 8 << 20
NO_OFFSET = -1

_CODEC = RowCodec()
_NO_ROLLUP = {HEALTH_SIGNALS: 1, HEALTH_ACCOUNT_SIGNALS: 0}
"""Nobody is told that a day is done."""
_NOBODY = Generation(0, "", "")
WRITTEN = frozenset(
    topic.name
    for topic in TOPICS.values()
    if topic.role == "output" and topic.key == "contact" and topic.name.startswith("health.")
)
"""The topics that scoring writes for others."""


class Sent(NamedTuple):
    """An output of the fold: as it stands on `topic`, and its log time in UTC milliseconds.

    `left`: where a score is deleted, the band that the contact was in.
    """

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers | None
    partition: int
    at: int
    left: Band | None = None


class Chosen(NamedTuple):
    """A model (a JSON document) that scores a tenant throughout, whatever was in force."""

    tenant: str
    document: bytes


class Folding:
    """Folds the records of one partition. Close it, or use it as a context: it holds a temporary folder."""

    def __init__(
        self,
        partition: int,
        chosen: Chosen | None = None,
        wanted: Callable[[bytes], bool] | None = None,
        *,
        hand_on: bool = False,
    ) -> None:
        """`wanted` says of a key whether its contact is folded: in a log that has all that merged contacts hand on, no
        contact depends on another one. `hand_on`: in this one they do, and the fold hands it on itself.
        """
        self.partition = partition
        self.log_end = 0
        self._chosen = chosen
        self._wanted = wanted
        self._hand_on = hand_on
        self._merged: set[bytes | None] = set()
        self._folder = Path(tempfile.mkdtemp(prefix="heartline-replay-"))
        self._store = Stores(self._folder, BLOCK_CACHE_BYTES, WRITE_BUFFER_BYTES).open(partition)
        plane: Any = None  # the worker's own business: a run is given, a cycle too
        self._scoring = Scoring(plane, Limit(1.0), Metrics(), _NO_ROLLUP)
        if chosen is not None:
            self._put_in_force(chosen)

    def __enter__(self) -> "Folding":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Delete the rows."""
        self._store.close()
        shutil.rmtree(self._folder)

    def fold(self, records: list[Record]) -> Iterator[Sent]:
        """Fold some more records of the partition, in their order, and hand over what goes out: take all of it."""
        self.log_end = max(self.log_end, log_time(records[-1]))
        wanted = [record for record in records if self._counts(record)]
        if not wanted:
            return
        for run in self._apart(wanted) if self._hand_on else [wanted]:
            yield from self._folded(run)
        control = self.control()
        if len(control.pending) >= TICKS_AT_ONCE or len(control.minutes) >= MINUTES_AT_ONCE:
            yield from self.sweep()

    def _folded(self, run: list[Record]) -> Iterator[Sent]:
        cycle = _Outputs(self._store)
        self._scoring.fold(Run(HEALTH_SIGNALS, self.partition, run, _NOBODY), cycle)
        yield from self._commit(cycle)
        if self._hand_on and cycle.handed_on:
            after = run[-1].offset + 1
            yield from self._folded(
                [Record(after + n, key, value, None, 0) for n, (key, value) in enumerate(cycle.handed_on)]
            )

    def _apart(self, records: list[Record]) -> Iterator[list[Record]]:
        """Runs that end with each record by which a merged contact may hand something on."""
        run: list[Record] = []
        for record in records:
            run.append(record)
            if record.key in self._merged or b'"contact.merged"' in (record.value or b""):
                self._merged.add(record.key)
                yield run
                run = []
        if run:
            yield run

    def sweep(self) -> Iterator[Sent]:
        """Apply the ticks and models that rows have not seen, and hand over what goes out: take all of it."""
        busy = True
        while busy:
            cycle = _Outputs(self._store)
            for _ in range(SWEEP_CHUNKS):
                busy = self._scoring.sweep_chunk(self.partition, cycle)
                if not busy:
                    break
            yield from self._commit(cycle)

    def control(self) -> ControlRow:
        """What the partition remembers of its partition-wide entries."""
        raw = self._store.get(CONTROL_KEY)
        row = None if raw is None else _CODEC.decode(raw)
        return row if isinstance(row, ControlRow) else ControlRow()

    def row(self, key: bytes) -> ContactState | None:
        """The row of a contact as it is now."""
        return _contact(self._store.get(key))

    def rows(self) -> Iterator[tuple[bytes, ContactState]]:
        """The rows of all contacts, in the order of their keys."""
        for key, stored in self._store.items(BEHIND):
            row = _contact(stored)
            if row is not None:
                yield key, row

    def model(self, tenant: str) -> HealthModel:
        """The model of a tenant that is in force now."""
        fold = self._present()
        return fold.model(tenant, fold.control.offset)

    def document(self, tenant: str) -> bytes | None:
        """The document of that model; None where it is the default one."""
        return self._present().document(tenant)

    def _present(self) -> PartitionFold:
        return PartitionFold(self.control(), ModelRows(_Outputs(self._store).state(self.partition)))

    def _put_in_force(self, chosen: Chosen) -> None:
        cycle = _Outputs(self._store)
        rows, digest = cycle.state(self.partition), document_digest(chosen.document)
        ModelRows(rows).put(chosen.tenant, digest, chosen.document)
        rows.put(CONTROL_KEY, ControlRow(models={chosen.tenant: [InForce(NO_OFFSET, digest)]}))
        self._commit(cycle)

    def _counts(self, record: Record) -> bool:
        if record.key is not None:
            return self._wanted is None or self._wanted(record.key)
        if self._chosen is None:
            return True
        signal = decode_signal(record.value)
        replaced = isinstance(signal, Signal) and isinstance(signal.fact, ModelPublished)
        return not (replaced and signal.fact.tenant == self._chosen.tenant)  # type: ignore[union-attr]

    def _commit(self, cycle: "_Outputs") -> list[Sent]:
        batch = cycle.seal(dict)
        self._store.write(batch.rows.get(self.partition, ()), None, logged=False)
        return cycle.sent


class _Outputs(Cycle[Row]):
    """A cycle whose outputs are told apart with their time. What goes to logs and dead letters was sent by live."""

    def __init__(self, store: PartitionStore) -> None:
        super().__init__(_NOBODY, lambda _: store, _CODEC, None, lambda _: None)
        self.sent: list[Sent] = []
        self.handed_on: list[tuple[bytes, bytes]] = []
        self._store = store
        self._bands: dict[bytes, Band | object | None] = {}

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: Headers | None = None,
        partition: int | None = None,
    ) -> None:
        """Keep an output."""
        if topic == HEALTH_SIGNALS and key is not None and value is not None:
            self.handed_on.append((key, value))
        if topic not in WRITTEN or key is None or partition is None:
            return
        left = None
        if value is None:
            at, left = self._deletion(key, partition) if topic == HEALTH_SCORES else (self._now(key, partition), None)
        else:
            at = to_milliseconds(_time_of(value).at)
            if topic == HEALTH_BAND_CHANGES:
                self._bands[key] = _band_change(value).to_band
        self.sent.append(Sent(topic, key, value, headers, partition, at, left))

    def _now(self, key: bytes, partition: int) -> int:
        row = self.state(partition).get(key)
        return row.now if isinstance(row, ContactState) else 0

    def _deletion(self, key: bytes, partition: int) -> tuple[int, Band | None]:
        """When a contact lost its score, and the band it was in: by this cycle, or by the row that it found."""
        found = self._bands.get(key, _UNKNOWN)
        if found is _UNKNOWN:
            before = _contact(self._store.get(key))
            found = None if before is None or before.published is None else BANDS[before.published.band]
        self._bands[key] = None
        return self._now(key, partition), found  # type: ignore[return-value]


class _Timed(msgspec.Struct):
    at: UtcTime


class _Logged(msgspec.Struct):
    at: int = 0


_time_of = msgspec.json.Decoder(_Timed).decode
_band_change = msgspec.json.Decoder(BandChanged).decode
_UNKNOWN = object()


def log_time(record: Record) -> int:
    """The log time of an entry, 0 if it cannot be read."""
    try:
        return msgspec.json.decode(record.value or b"", type=_Logged).at
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0


def _contact(stored: bytes | None) -> ContactState | None:
    row = None if stored is None else _CODEC.decode(stored)
    return row if isinstance(row, ContactState) else None


def in_runs(records: Iterable[T]) -> Iterator[list[T]]:
    """Records in runs, as a worker gets them."""
    left = iter(records)
    while run := list(islice(left, RUN_RECORDS)):
        yield run
