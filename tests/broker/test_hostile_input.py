"""A hundred thousand bad records between good ones: no worker ends, each is put aside whole, the good are scored."""

from itertools import islice
from pathlib import Path
from random import Random

from schemas.base import Event
from schemas.catalogue import HEALTH_CONTROL, HEALTH_SCORES
from stream.sending import Sender
from tests.broker.hostile import Hostile, hostile_inputs, hostile_signals
from tests.chaos.load import helpdesk
from tests.chaos.truth import verdict
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

PER_TOPIC, IN_THE_LOG = 14_000, 4_000
GOOD = 4_000


def test_a_hundred_thousand_bad_records_end_as_dead_letters_and_good_ones_beside_them_as_scores(tmp_path: Path) -> None:
    bad = [*hostile_inputs(1, PER_TOPIC), *hostile_signals(1, IN_THE_LOG)]
    assert len(bad) >= 100_000
    Random(1).shuffle(bad)
    good = helpdesk(1, GOOD, 300)
    with KafkaBroker(tmp_path / "broker") as broker:
        heartline = Heartline(broker, tmp_path / "workers", HEARTLINE_DEAD_LETTER_LIMIT="1")
        heartline.create_topics()
        workers = [heartline.start("intake"), heartline.start("scoring")]
        try:
            send_mixed(heartline, good, bad)
            heartline.wait_settled(timeout=300)
            assert all(worker.running for worker in workers)
            found = verdict(heartline, good)
            assert found.problems == []
            assert found.records["dead letters"] == len(bad)
            assert found.records[HEALTH_SCORES] > found.contacts > 200
        finally:
            heartline.stop()


def send_mixed(heartline: Heartline, good: list[Event], bad: list[Hostile]) -> None:
    """A good record after each batch of bad ones."""
    share = len(bad) // len(good) + 1
    left = iter(bad)
    with Sender(heartline.settings) as sender:
        for event in good:
            sender.send_event(event)
            for topic, key, value, headers in islice(left, share):
                sender.send(topic, value, key, headers, partition=0 if topic == HEALTH_CONTROL else -1)
