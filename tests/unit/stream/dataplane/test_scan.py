"""A scan in the middle of a cycle: what it must not leave out."""

from pathlib import Path

import pytest

from stream.dataplane.cycle import PartitionState
from stream.dataplane.store import PartitionStore, Stores


@pytest.fixture
def store(tmp_path: Path) -> PartitionStore:
    """A partition with rows b, d, f and h."""
    stores = Stores(tmp_path, 1 << 20, 1 << 20)
    store = stores.open(0)
    store.write([(key, key) for key in (b"b", b"d", b"f", b"h")], 3)
    return store


def walked(state: PartitionState[bytes], limit: int) -> list[tuple[bytes, bytes]]:
    """All that a walk in chunks finds."""
    rows: list[tuple[bytes, bytes]] = []
    while chunk := state.scan(rows[-1][0] if rows else None, limit):
        assert len(chunk) <= limit
        rows += chunk
    return rows


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_walk_finds_rows_that_are_not_yet_in_the_store(store: PartitionStore, limit: int) -> None:
    committing: dict[bytes, bytes | None] = {b"a": b"a2", b"d": b"d2", b"g": b"g2", b"i": b"i2"}
    state = PartitionState(store, committing, bytes)
    state.put(b"c", b"c3")
    state.put(b"d", b"d3")
    state.put(b"j", b"j3")
    assert [value for _, value in walked(state, limit)] == [
        b"a2", b"b", b"c3", b"d3", b"f", b"g2", b"h", b"i2", b"j3"
    ]  # fmt: skip


def test_a_scan_leaves_out_what_is_deleted(store: PartitionStore) -> None:
    state: PartitionState[bytes] = PartitionState(store, {b"b": None}, bytes)
    state.delete(b"f")
    assert walked(state, 100) == [(b"d", b"d"), (b"h", b"h")]
