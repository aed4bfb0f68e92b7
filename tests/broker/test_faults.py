"""Whatever is killed, frozen, moved or lost: a reader of committed data finds nothing missing, doubled or wrong.

The short series, one after the other under one load; the long one is `make chaos`. What must be there is worked out
from the input (`tests.chaos.truth`).
"""

from pathlib import Path
from random import Random
from typing import Final

from schemas.catalogue import HEALTH_PROFILES, HEALTH_RECEIPTS, HEALTH_SCORES
from tests.chaos import faults
from tests.chaos.field import Fault, Field
from tests.chaos.load import Load, helpdesk, with_troubles
from tests.chaos.run import BROKER, PARTITIONS, create_topics, endure
from tests.chaos.truth import verdict
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

PER_SECOND: Final = 250
EVENTS: Final = 400 * PER_SECOND
SESSION_SECONDS: Final = 4

RAISED: Final = {
    "contact_health_declined", "contact_health_recovered", "steep_drop", "ticket_volume_rising", "severity_rising",
}  # fmt: skip
"""The kinds of alerts that this load raises. Here nobody reads tones, and two weeks do not pass."""

# `endure` adds the last one: all disks wiped, the state rebuilt, every contact scored anew from it.
SERIES: Final[tuple[Fault, ...]] = (
    faults.kill_scoring,
    faults.kill_intake,
    faults.lose_disk,
    faults.send_again,
    faults.kill_all,
    faults.add_scoring,
    faults.add_scoring,
    Field.wait_ready,
    faults.recompute,
    faults.zombie_scoring,
    Field.wait_ready,
    faults.lose_all_disks,
    Field.wait_ready,
    faults.kill_broker,
    Field.wait_ready,
    faults.remove_scoring,
    faults.remove_scoring,
)


def test_killed_frozen_and_moved_workers_lost_disks_a_killed_broker_and_repeated_events_change_nothing(
    tmp_path: Path,
) -> None:
    with KafkaBroker(properties=BROKER) as broker:
        heartline = Heartline(
            broker,
            tmp_path,
            HEARTLINE_PARTITIONS=str(PARTITIONS),
            HEARTLINE_SESSION_TIMEOUT_SECONDS=str(SESSION_SECONDS),
        )
        create_topics(heartline)
        load = Load(heartline.settings, with_troubles(helpdesk(1, EVENTS, 400)), PER_SECOND, seed=1)
        try:
            endure(Field(heartline, load, Random(1)), SERIES, pauses=(0.3, 1.0))
            found = verdict(heartline, load.sent)
        finally:
            heartline.stop()
    assert found.problems == []
    assert found.records["dead letters"] > 0
    assert found.records[HEALTH_SCORES] > found.contacts > 300
    assert found.records[HEALTH_RECEIPTS] > 0
    assert found.records[HEALTH_PROFILES] > 300
    assert found.alerts.keys() >= RAISED
