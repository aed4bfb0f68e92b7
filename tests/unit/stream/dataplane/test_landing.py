"""What becomes of a cycle that was folded on top of one whose commit went wrong, while the worker leaves the group."""

import asyncio

import pytest

from stream.dataplane import DataPlane
from stream.dataplane.committer import Outcome
from stream.dataplane.cycle import Batch
from stream.dataplane.delivery import Fenced, Uncertain
from stream.dataplane.run import Generation
from stream.dataplane.settings import PlaneSettings
from stream.errors import DeliveryFailed

SETTINGS = PlaneSettings(application="app", worker_id="0", bootstrap="127.0.0.1:1", librdkafka={"log_level": 0})
GENERATION = Generation(1, "member", "app")


@pytest.mark.parametrize(
    "outcome",
    [
        {"error": DeliveryFailed("a record was refused")},
        {"uncertain": Uncertain("the producer was fenced")},
        {"fenced": Fenced("the group has moved on")},
    ],
    ids=["failed", "uncertain", "fenced"],
)
async def test_it_is_not_committed_without_it(outcome: dict[str, Exception]) -> None:
    plane: DataPlane[None] = DataPlane(SETTINGS)
    plane._loop = asyncio.get_running_loop()
    plane._generation, plane._leaving = GENERATION, True
    plane._cycles.positions = {("topic", 0): 7}
    cycle = plane._cycles.open(GENERATION)
    assert cycle is not None
    cycle.send("out", b"folded on top")
    assert plane._cycles.pending
    batch = Batch(GENERATION, [], {}, {("topic", 0): 7}, 1, 1)
    plane._landed(Outcome(batch, **outcome))  # type: ignore[arg-type]
    assert not plane._cycles.pending
