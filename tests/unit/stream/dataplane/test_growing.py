"""How long a cycle grows before it is sealed: a transaction is dear, and waiting is too."""

import asyncio

import pytest

from stream.dataplane import DataPlane
from stream.dataplane import cycles as pacing
from stream.dataplane.committer import Outcome
from stream.dataplane.cycle import Batch, Cycle
from stream.dataplane.cycles import drained
from stream.dataplane.run import Generation, Record, Run
from stream.dataplane.settings import PlaneSettings

SETTINGS = PlaneSettings(
    application="app", worker_id="0", bootstrap="127.0.0.1:1", librdkafka={"log_level": 0}, cycle_records=200
)
GENERATION = Generation(1, "member", "app")


class Worker:
    """A plane that folds what it is given; its commits take until they are told to land."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.plane: DataPlane[None] = DataPlane(SETTINGS)
        self.plane._loop = asyncio.get_running_loop()
        self.plane._generation = GENERATION
        self.cycles = self.plane._cycles
        self.cycles.positions = {("topic", 0): 7}
        self.cycles._landed = self.plane._landed
        self.cycles._committer.submit = self.batches.append  # type: ignore[method-assign]

    async def fold(self, records: int) -> None:
        """Fold a run into the cycle of the moment."""
        cycle = await self.plane.cycle(GENERATION)
        assert cycle is not None
        cycle.done(Run("topic", 0, [Record(n, None, b"", None, 0) for n in range(records)], GENERATION))
        await asyncio.sleep(0)

    def land(self, seconds: float = 0.0) -> None:
        """The commit under way succeeds, after so long."""
        self.cycles._land(Outcome(self.batches[-1], seconds=seconds))


@pytest.fixture
async def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    """With times long enough for a busy machine."""
    monkeypatch.setattr(pacing, "_GROW_SECONDS_PER_RECORD", 0.01)
    monkeypatch.setattr(pacing, "_GROW_SECONDS", 0.5)
    return Worker()


async def test_the_first_cycle_is_sealed_at_once(worker: Worker) -> None:
    await worker.fold(100)
    assert [batch.records for batch in worker.batches] == [100]


async def test_after_a_small_cycle_the_next_one_waits_no_longer_than_the_commit(worker: Worker) -> None:
    await worker.fold(1)
    await asyncio.sleep(0.02)
    worker.land()
    await worker.fold(1)
    assert len(worker.batches) == 2


async def test_after_a_large_cycle_the_next_one_grows_and_is_sealed_without_further_records(worker: Worker) -> None:
    await worker.fold(100)
    worker.land()
    await worker.fold(30)
    await worker.fold(31)
    assert len(worker.batches) == 1
    await asyncio.sleep(0.7)
    assert [batch.records for batch in worker.batches] == [100, 61]


async def test_time_in_which_a_commit_was_under_way_counts(worker: Worker) -> None:
    await worker.fold(100)
    await worker.fold(30)
    await asyncio.sleep(0.6)
    worker.land()
    assert [batch.records for batch in worker.batches] == [100, 30]


async def test_after_a_slow_commit_a_cycle_grows_for_longer_within_a_bound(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "_GROW_SECONDS_PER_RECORD", 1.0)
    monkeypatch.setattr(pacing, "_GROW_MOST_SECONDS", 100.0)
    grown = []
    for seconds in (0.1, 20.0, 1000.0):
        await worker.fold(100)
        worker.cycles.seal()
        worker.land(seconds)
        await worker.fold(1)
        grown.append(round(worker.cycles.grows()))
        worker.cycles.seal()
        worker.land()
    assert grown == [0, 30, 100]


async def test_a_full_cycle_does_not_wait(worker: Worker) -> None:
    await worker.fold(100)
    worker.land()
    await worker.fold(150)
    assert len(worker.batches) == 1
    await worker.fold(50)
    assert [batch.records for batch in worker.batches] == [100, 200]


async def test_whoever_leaves_the_group_does_not_wait(worker: Worker) -> None:
    await worker.fold(100)
    worker.land()
    await worker.fold(30)
    draining = asyncio.create_task(drained(worker.cycles, lambda: worker.plane._changed, 5))
    await asyncio.sleep(0)
    assert [batch.records for batch in worker.batches] == [100, 30]
    worker.land()
    assert await draining


async def test_what_an_error_left_half_done_is_never_committed(worker: Worker) -> None:
    cycle = await worker.plane.cycle(GENERATION)
    assert cycle is not None
    run = Run("topic", 0, [Record(0, None, b"", None, 0)], GENERATION)
    with cycle:
        cycle.done(run)
    with pytest.raises(ValueError, match="in the middle"):
        _begin_a_run(cycle)
    worker.cycles.seal()
    await asyncio.sleep(0)
    assert worker.batches == []


def _begin_a_run(cycle: Cycle[None]) -> None:
    with cycle:
        cycle.send("out", b"a letter of a run that is not done")
        raise ValueError("in the middle")
