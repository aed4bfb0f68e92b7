"""Rows as a cycle sees them, and what leaves it when it is sealed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.dataplane.cycle import Cycle
from stream.dataplane.run import Generation, Record, Run
from stream.dataplane.store import PartitionStore, Stores

GENERATION = Generation(3, "member", "group")


class Box:
    """A row that is changed in place."""

    def __init__(self, number: int) -> None:
        self.number = number


class BoxCodec:
    """Counts how often it encodes."""

    encoded = 0

    def encode(self, row: Box) -> bytes:
        self.encoded += 1
        return b"%d" % row.number

    def decode(self, raw: bytes) -> Box:
        return Box(int(raw))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PartitionStore]:
    stores = Stores(tmp_path, 1 << 20, 1 << 20)
    store = stores.open(0)
    store.write([(b"stored", b"1")], 0)
    yield store
    stores.keep(set())


def cycle(store: PartitionStore, older: Cycle[Box] | None = None, codec: BoxCodec | None = None) -> Cycle[Box]:
    return Cycle(GENERATION, lambda _: store, codec or BoxCodec(), older, lambda _: None)


def run(first: int, last: int) -> Run:
    records = [Record(offset, b"k", b"v", None, 0) for offset in range(first, last + 1)]
    return Run("in", 0, records, GENERATION, size=2 * len(records))


def no_fence() -> dict[tuple[str, int], int]:
    raise AssertionError("a cycle with runs needs no fence of its own")


def test_a_row_comes_from_the_store_and_is_not_there_when_it_is_not(store: PartitionStore) -> None:
    state = cycle(store).state(0)
    row = state.get(b"stored")
    assert row is not None
    assert row.number == 1
    assert state.get(b"unknown") is None


def test_a_row_that_was_put_or_deleted_is_seen_so(store: PartitionStore) -> None:
    state = cycle(store).state(0)
    state.put(b"new", Box(5))
    state.delete(b"stored")
    new = state.get(b"new")
    assert new is not None
    assert new.number == 5
    assert state.get(b"stored") is None


def test_the_next_cycle_sees_rows_that_are_being_committed_as_the_same_objects(store: PartitionStore) -> None:
    first = cycle(store)
    box = Box(2)
    first.state(0).put(b"stored", box)
    first.state(0).delete(b"gone")
    first.done(run(0, 4))
    first.seal(no_fence)
    second = cycle(store, older=first).state(0)
    assert second.get(b"stored") is box
    assert second.get(b"gone") is None


def test_sealed_bytes_stay_when_the_next_cycle_changes_the_row_in_place(store: PartitionStore) -> None:
    first = cycle(store)
    first.state(0).put(b"a", Box(1))
    first.done(run(0, 4))
    batch = first.seal(no_fence)
    state = cycle(store, older=first).state(0)
    row = state.get(b"a")
    assert row is not None
    row.number = 2
    state.put(b"a", row)
    assert batch.rows == {0: [(b"a", b"1")]}


def test_a_row_is_encoded_once_however_often_it_was_put(store: PartitionStore) -> None:
    codec = BoxCodec()
    one = cycle(store, codec=codec)
    for number in range(10):
        one.state(0).put(b"a", Box(number))
    one.done(run(0, 9))
    assert one.seal(no_fence).rows == {0: [(b"a", b"9")]}
    assert codec.encoded == 1


def test_a_deleted_row_is_a_tombstone(store: PartitionStore) -> None:
    one = cycle(store)
    one.state(0).delete(b"stored")
    one.done(run(0, 1))
    assert one.seal(no_fence).rows == {0: [(b"stored", None)]}


def test_the_offset_to_commit_is_the_one_behind_the_last_run_that_is_done(store: PartitionStore) -> None:
    one = cycle(store)
    one.done(run(0, 4))
    one.done(run(7, 9))
    batch = one.seal(no_fence)
    assert batch.offsets == {("in", 0): 10}
    assert (batch.records, batch.size) == (8, 16)


def test_a_cycle_without_a_run_is_fenced_by_an_offset_that_is_committed_already(store: PartitionStore) -> None:
    one = cycle(store)
    one.send("out", b"value")
    assert one.seal(lambda: {("in", 2): 5}).offsets == {("in", 2): 5}


def test_a_sealed_cycle_takes_nothing_more(store: PartitionStore) -> None:
    one = cycle(store)
    state = one.state(0)
    one.done(run(0, 1))
    one.seal(no_fence)
    with pytest.raises(RuntimeError, match="await"):
        one.send("out", b"late")
    with pytest.raises(TypeError):
        state.put(b"late", Box(1))
    with pytest.raises(RuntimeError, match="await"):
        one.done(run(2, 3))
    with pytest.raises(RuntimeError, match="await"):
        one.state(1)


def test_keys_of_the_data_plane_itself_are_refused(store: PartitionStore) -> None:
    one = cycle(store)
    one.state(0).put(b"\0offset", Box(1))
    one.done(run(0, 1))
    with pytest.raises(ValueError, match="zero byte"):
        one.seal(no_fence)


def test_a_stage_without_a_table_has_no_state(store: PartitionStore) -> None:
    one: Cycle[Box] = Cycle(GENERATION, lambda _: store, None, None, lambda _: None)
    with pytest.raises(RuntimeError, match="no table"):
        one.state(0)


def test_a_scan_goes_on_behind_a_stretch_of_deleted_rows(store: PartitionStore) -> None:
    store.write([(b"row-%02d" % n, b"%d" % n) for n in range(10)], 1)
    state = cycle(store).state(0)
    for n in range(8):
        state.delete(b"row-%02d" % n)
    state.put(b"row-085", Box(85))
    found = []
    after = None
    while chunk := state.scan(after, 2):
        found += [key for key, _ in chunk]
        after = chunk[-1][0]
    assert found == [b"row-08", b"row-085", b"row-09", b"stored"]
