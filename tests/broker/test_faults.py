"""Whatever is killed, frozen, moved or lost: a reader of committed data finds nothing missing, doubled or wrong.

The short series; the long one is `make chaos`. What must be there is worked out from the input (`tests.chaos.truth`).
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from zlib import crc32

import pytest

from schemas.catalogue import HEALTH_SCORES
from stream.topics import all_topics
from tests.chaos import faults
from tests.chaos.field import Fault, Field
from tests.chaos.load import Load, helpdesk
from tests.chaos.run import BROKER, PARTITIONS, create_topics, endure
from tests.chaos.truth import Verdict, verdict
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

Storm = Callable[[Sequence[Fault]], Verdict]

PER_SECOND = 250


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    """A broker to kill."""
    with KafkaBroker(properties=BROKER) as broker:
        yield broker


@pytest.fixture
def storm(broker: KafkaBroker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Storm]:
    """Faults, one after the other, under a seeded load on topics of its own; the verdict at the end."""
    application = f"storm-{crc32(request.node.name.encode())}"
    heartline = Heartline(broker, tmp_path, HEARTLINE_PARTITIONS=str(PARTITIONS), HEARTLINE_APPLICATION=application)
    create_topics(heartline)

    def run(series: Sequence[Fault]) -> Verdict:
        load = Load(heartline.settings, helpdesk(1, 300 * PER_SECOND, 400), PER_SECOND, seed=1)
        endure(Field(heartline, load, Random(1)), series, pauses=(0.3, 1.5))
        return verdict(heartline, load.sent)

    yield run
    heartline.stop()
    broker.delete_topics(*(topic.name for topic in all_topics(heartline.settings)))


def test_killed_workers_lost_disks_and_repeated_events_change_nothing(storm: Storm) -> None:
    found = storm(
        [
            faults.kill_scoring,
            faults.kill_intake,
            faults.lose_disk,
            faults.recompute,
            faults.send_again,
            faults.kill_all,
        ]
    )
    assert found.problems == []
    assert found.records["dead letters"] > 0
    assert found.records[HEALTH_SCORES] > found.contacts > 300


def test_a_worker_that_sleeps_while_its_partitions_move_changes_nothing_when_it_wakes(storm: Storm) -> None:
    found = storm([faults.zombie_scoring, faults.lose_all_disks])
    assert found.problems == []


def test_neither_does_a_broker_that_is_killed_nor_partitions_that_move_to_three_workers_and_back(storm: Storm) -> None:
    found = storm(
        [
            faults.add_scoring,
            faults.add_scoring,
            Field.wait_ready,
            faults.kill_broker,
            Field.wait_ready,
            faults.remove_scoring,
            faults.remove_scoring,
        ]
    )
    assert found.problems == []
