"""A hundred thousand bad records between good ones: no worker ends, each is put aside whole, the good are scored.

Bad are good ones spoiled at random, and each field of each type with each strange value that its schema does not allow;
those with a value that it does allow are among the good ones.
"""

from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from schemas.base import Event
from schemas.catalogue import HEALTH_CONTROL, HEALTH_SCORES
from stream.sending import Sender
from stream.settings import Stage
from tests.broker.hostile import Hostile, hostile_inputs, hostile_signals
from tests.broker.strange import TENANT, Strange, strange_inputs
from tests.chaos.load import helpdesk
from tests.chaos.truth import verdict
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

PER_TOPIC, IN_THE_LOG = 12_900, 4_000
GOOD = 4_000
STAGES: tuple[Stage, ...] = ("intake", "scoring", "accounts", "portfolios")


class Mixed(NamedTuple):
    """All that is sent."""

    good: list[Event]
    strange: list[Strange]
    bad: list[Hostile]


def test_a_hundred_thousand_bad_records_end_as_dead_letters_and_good_ones_beside_them_as_scores(tmp_path: Path) -> None:
    mixed = Mixed(
        helpdesk(1, GOOD, 300),
        [*strange_inputs()],
        [*hostile_inputs(1, PER_TOPIC), *hostile_signals(1, IN_THE_LOG)],
    )
    odd = [one for one in mixed.strange if one.may_enter]
    bad = len(mixed.bad) + len(mixed.strange) - len(odd)
    assert bad >= 100_000
    assert len(odd) > 1_500
    with KafkaBroker(tmp_path / "broker") as broker:
        tenants = f"default,{TENANT}"
        limits = {"HEARTLINE_DEAD_LETTER_LIMIT": "1", "HEARTLINE_TENANTS": tenants}
        heartline = Heartline(broker, tmp_path / "workers", **limits)
        heartline.create_topics()
        workers = [heartline.start(stage) for stage in STAGES]
        try:
            send(heartline, mixed)
            heartline.wait_settled(timeout=300, stages=STAGES)
            assert all(worker.running for worker in workers)
            found = verdict(heartline, [*mixed.good, *odd])
            assert found.problems == []
            assert found.records["dead letters"] == bad
            assert found.records[HEALTH_SCORES] > found.contacts > 200
        finally:
            heartline.stop()


def send(heartline: Heartline, mixed: Mixed) -> None:
    """A good record after each batch of bad and strange ones."""
    rest = [*mixed.bad, *(Hostile(one.topic, one.key, one.value, one.headers) for one in mixed.strange)]
    Random(1).shuffle(rest)
    share = len(rest) // len(mixed.good) + 1
    left = iter(rest)
    with Sender(heartline.settings) as sender:
        for event in mixed.good:
            sender.send_event(event)
            for topic, key, value, headers in islice(left, share):
                sender.send(topic, value, key, headers, partition=0 if topic == HEALTH_CONTROL else -1)
