"""What stands between a worker and wrong state: the fence's format, the directory's lock, topic ids, the watchdog."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from stream.dataplane import watch
from stream.dataplane.cycle import Batch
from stream.dataplane.delivery.transactional import check_metadata
from stream.dataplane.directory import exclusive
from stream.dataplane.identity import SOURCES, Identity
from stream.dataplane.run import Generation
from stream.dataplane.settings import PlaneSettings
from stream.dataplane.store import Stores
from stream.dataplane.watch import Watchdog
from stream.errors import (
    ChangelogRecreated,
    ClientIncompatible,
    DataDirectoryInUse,
    HeartlineError,
    SourceRecreated,
    Stalled,
)

SETTINGS = PlaneSettings(application="app", worker_id="0", bootstrap="127.0.0.1:1", librdkafka={"log_level": 0})


def test_the_installed_librdkafka_writes_group_metadata_as_we_do() -> None:
    check_metadata(SETTINGS)


def test_another_format_of_group_metadata_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Generation, "metadata", lambda _: b"CGMDv3:other")
    with pytest.raises(ClientIncompatible, match="fenced"):
        check_metadata(SETTINGS)


def test_group_metadata_of_a_member_and_of_a_static_member() -> None:
    assert Generation(7, "m", "g").metadata() == b"CGMDv2:\x07\0\0\0g\0m\0\x01"
    assert Generation(7, "m", "g", "pod-1").metadata() == b"CGMDv2:\x07\0\0\0g\0m\0\x00pod-1\0"


def test_a_data_directory_is_held_once_and_let_go(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with exclusive(folder), pytest.raises(DataDirectoryInUse, match="directory of its own"), exclusive(folder):
        pass
    with exclusive(folder):
        pass


def test_the_lock_of_a_killed_process_is_gone(tmp_path: Path) -> None:
    code = """
import sys, time, pathlib
from stream.dataplane import exclusive
with exclusive(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(DataDirectoryInUse, match=str(process.pid)), exclusive(tmp_path):
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    with exclusive(tmp_path):
        pass


def test_a_recreated_changelog_is_told_from_the_one_the_store_came_from(tmp_path: Path) -> None:
    stores = Stores(tmp_path, 1 << 20, 1 << 20)
    store = stores.open(0)
    Identity("log", {"log": "id-1", "in": "x"}).check_changelog(0, store)
    Identity("log", {"log": "id-1", "in": "x"}).check_changelog(0, store)
    with pytest.raises(ChangelogRecreated, match="heartline state reset"):
        Identity("log", {"log": "id-2", "in": "x"}).check_changelog(0, store)
    Identity("log", {}).check_changelog(0, store)  # a broker without ids
    stores.keep(set())


def test_the_ids_of_the_sources_travel_with_a_partitions_first_rows(tmp_path: Path) -> None:
    stores = Stores(tmp_path, 1 << 20, 1 << 20)
    store = stores.open(0)
    identity = Identity("log", {"log": "id-1", "in": "life-1"})
    identity.check_sources(0, store, folded=False)
    batch = Batch(Generation(1, "m", "g"), [], {0: [(b"a", b"1")]}, {("in", 0): 1}, 1, 1)
    identity.mark(batch)
    assert batch.rows[0][-1] == (SOURCES, b'{"in":"life-1"}')
    identity.marked(batch)
    later = Batch(batch.generation, [], {0: [(b"b", b"1")]}, {("in", 0): 2}, 1, 1)
    identity.mark(later)
    assert later.rows[0] == [(b"b", b"1")]

    store.write(batch.rows[0], 2)
    Identity("log", {"log": "id-1", "in": "life-1"}).check_sources(0, store, folded=True)
    with pytest.raises(SourceRecreated, match="life-1 then, life-2 now"):
        Identity("log", {"log": "id-1", "in": "life-2"}).check_sources(0, store, folded=True)
    stores.keep(set())


def test_offsets_without_any_state_are_those_of_a_changelog_that_is_gone(tmp_path: Path) -> None:
    stores = Stores(tmp_path, 1 << 20, 1 << 20)
    store = stores.open(0)
    with pytest.raises(ChangelogRecreated, match="has folded records of partition 0"):
        Identity("log", {"log": "id-1", "in": "life-1"}).check_sources(0, store, folded=True)
    Identity("log", {}).check_sources(0, store, folded=True)  # a broker without ids
    stores.keep(set())


class Plane:
    """A plane as the watchdog sees it."""

    def __init__(self) -> None:
        self.progressed = 0.0
        self.busy = True
        self.failure: HeartlineError | None = None

    def fail(self, error: BaseException) -> None:
        assert isinstance(error, HeartlineError)
        self.failure = error

    async def look_after_commits(self) -> None:
        raise AssertionError("not the watchdog's")

    def report(self) -> None:
        raise AssertionError("not the watchdog's")


def test_the_watchdog_ends_a_plane_that_is_busy_and_does_not_move() -> None:
    plane = Plane()
    watchdog = Watchdog(plane, stall_seconds=10, end_seconds=5)
    watchdog.look(9)
    assert plane.failure is None
    watchdog.look(11)
    assert isinstance(plane.failure, Stalled)


def test_an_idle_plane_may_rest() -> None:
    plane = Plane()
    plane.busy = False
    Watchdog(plane, stall_seconds=10, end_seconds=5).look(1000)
    assert plane.failure is None


def test_an_end_that_does_not_come_is_forced_with_the_errors_exit_code() -> None:
    plane = Plane()
    plane.failure = Stalled("stuck")
    watchdog = Watchdog(plane, stall_seconds=10, end_seconds=5)
    codes: list[int] = []
    watchdog._exit = codes.append
    for now in (100, 104, 106):
        watchdog.look(now)
    assert codes == [Stalled.exit_code]


def test_an_end_that_was_asked_for_and_does_not_come_is_forced_too() -> None:
    plane = Plane()
    plane.busy = False
    watchdog = Watchdog(plane, stall_seconds=10, end_seconds=5)
    codes: list[int] = []
    watchdog._exit = codes.append
    watchdog.look(50)
    watchdog.end()
    for now in (100, 104):
        watchdog.look(now)
    assert codes == []
    watchdog.look(106)
    assert codes == [Stalled.exit_code]


def test_a_process_that_only_a_clients_thread_keeps_is_let_go_as_a_success() -> None:
    plane = Plane()
    plane.busy = False
    watchdog = Watchdog(plane, stall_seconds=10, end_seconds=5)
    codes: list[int] = []
    watchdog._exit = codes.append
    watchdog.end()
    watchdog.over()
    for now in (100, 106):
        watchdog.look(now)
    assert codes == [0]


async def test_what_is_reported_can_fail_only_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_TICK_SECONDS", 0.0)
    failed = asyncio.Event()

    class Broken(Plane):
        def fail(self, error: BaseException) -> None:
            assert isinstance(error, KeyError)
            failed.set()

        async def look_after_commits(self) -> None:
            """Nothing hangs."""

        def report(self) -> None:
            raise KeyError(3)

    looking = asyncio.create_task(watch.look_after(Broken()))
    await asyncio.wait_for(failed.wait(), 10)
    assert not looking.done(), "it goes on to look after commits"
    looking.cancel()
