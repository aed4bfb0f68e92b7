"""The local store: what survives, what a scan shows, what full disks and locks are called."""

from pathlib import Path

import pytest

from stream.dataplane.store import META, PartitionStore, Stores, _named_errors
from stream.errors import DiskFull, StateError


def stores(folder: Path) -> Stores:
    return Stores(folder, 1 << 20, 1 << 20)


def test_rows_and_offset_survive_a_restart(tmp_path: Path) -> None:
    first = stores(tmp_path)
    store = first.open(3)
    assert store.offset() is None
    store.write([(b"a", b"1"), (b"b", b"2")], 41)
    store.write([(b"a", None)], 42)
    first.keep(set())

    again = stores(tmp_path).open(3)
    assert again.offset() == 42
    assert again.get(b"a") is None
    assert again.get(b"b") == b"2"
    again.close()


def test_unlogged_rows_survive_once_they_are_flushed(tmp_path: Path) -> None:
    first = stores(tmp_path)
    first.open(0).write([(b"a", b"1")], 5, logged=False)
    first.open(0).flush()
    first.keep(set())
    again = stores(tmp_path).open(0)
    assert (again.get(b"a"), again.offset()) == (b"1", 5)
    again.close()


def test_a_scan_shows_no_rows_of_the_plane_itself(tmp_path: Path) -> None:
    some = stores(tmp_path)
    store = some.open(0)
    store.remember_changelog("id")
    store.write([(b"a", b"1"), (b"b", b"2"), (META + b"sources", b"{}")], 9)
    assert list(store.items(None)) == [(b"a", b"1"), (b"b", b"2")]
    assert list(store.items(b"a")) == [(b"b", b"2")]
    some.keep(set())


def test_only_the_partitions_that_are_kept_stay_open(tmp_path: Path) -> None:
    some = stores(tmp_path)
    some.open(0)
    some.open(1)
    some.keep({1})
    assert some.partitions() == [1]
    with pytest.raises(KeyError):
        some[0]
    some.keep(set())


def test_of_a_compacted_row_nothing_older_stays_on_the_disk(tmp_path: Path) -> None:
    some = stores(tmp_path)
    store = some.open(0)
    for round_ in range(3):  # in the lowest level, above it, and in the log
        store.write([(b"t/a", b"the-secret-of-a %d" % round_ * 10), (b"t/b", b"kept")], round_)
        if round_ < 2:
            store.flush()
            store.compact([b"t/a", b"t/b"]) if round_ == 0 else None
    store.write([(b"t/a", b"marker")], 4)
    store.compact([b"t/a"])
    assert (store.get(b"t/a"), store.get(b"t/b")) == (b"marker", b"kept")
    files = [file for file in (tmp_path / "0").iterdir() if file.is_file()]
    assert any(b"marker" in file.read_bytes() for file in files)
    assert not any(b"the-secret" in file.read_bytes() for file in files)
    some.keep(set())


def test_a_store_that_is_open_elsewhere_is_a_named_error(tmp_path: Path) -> None:
    some = stores(tmp_path)
    some.open(0)
    with pytest.raises(StateError, match="changelog"):
        stores(tmp_path).open(0)
    some.keep(set())


def test_a_full_disk_is_a_named_error() -> None:
    with pytest.raises(DiskFull, match="free space"), _named_errors(Path("/state")):
        raise Exception("IO error: No space left on device: While appending to file: /state/000012.log")


def test_sizes_grow_with_rows(tmp_path: Path) -> None:
    some = stores(tmp_path)
    store: PartitionStore = some.open(0)
    before = store.size()
    store.write([(b"%d" % n, b"x" * 500) for n in range(2000)], 1)
    assert store.size() > before + 500_000
    some.keep(set())
