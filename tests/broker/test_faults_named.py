"""Faults that a worker cannot work through: it ends with an error of its own name and exit code that says what to do,
and nothing is acknowledged.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.base import Event
from schemas.catalogue import HEALTH_SCORES, HEALTH_SIGNALS, INPUTS, SUPPORT_REVIEWS, SUPPORT_TICKETS
from stream.errors import (
    BrokerUnreachable,
    ChangelogRecreated,
    DataDirectoryInUse,
    DeadLetterLimit,
    DiskFull,
    HeartlineError,
    NewerStateRow,
    TopicMisconfigured,
    TopicMissing,
    WorkerFenced,
)
from stream.sending import Sender
from stream.settings import Stage
from stream.simulate import simulate
from tests.chaos.seen import POISON
from tests.chaos.truth import verdict
from tests.support.heartline import Heartline, TestWorker, wait_until
from tests.support.kafka import KafkaBroker, free_ports

END_SECONDS = 60.0

System = Callable[[], Heartline]


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    """A broker whose topics may be spoiled."""
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture
def heartline(broker: KafkaBroker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Heartline]:
    """A Heartline with topics, groups and a changelog of its own."""
    heartline = Heartline(broker, tmp_path, HEARTLINE_APPLICATION=f"named-{crc32(request.node.name.encode())}")
    heartline.create_topics()
    yield heartline
    heartline.stop()
    broker.delete_topics(*(topic for topic in broker.admin().list_topics(timeout=10).topics if topic[0] != "_"))


def ended(worker: TestWorker, error: type[HeartlineError], *said: str) -> None:
    """The worker ends with this error, whose message says all of these."""
    assert worker.exit_code(END_SECONDS) == error.exit_code, worker.log[-4000:]
    (line,) = [line for line in worker.log.splitlines() if line.startswith(f"{error.__name__}: ")]
    for words in said:
        assert words in line


def acknowledged(heartline: Heartline, stage: Stage) -> dict[tuple[str, int], int]:
    """The offsets that a group has committed."""
    topics = [topic.name for topic in INPUTS] if stage == "intake" else [HEALTH_SIGNALS]
    group = {"bootstrap.servers": heartline.broker.bootstrap, "group.id": heartline.settings.group(stage)}
    consumer = Consumer(group)
    try:
        known = consumer.list_topics(timeout=10).topics
        asked = [TopicPartition(topic, p) for topic in topics if topic in known for p in known[topic].partitions]
        return {(tp.topic, tp.partition): tp.offset for tp in consumer.committed(asked, 10) if tp.offset >= 0}
    finally:
        consumer.close()


def some_events(seed: int = 1, events: int = 300, contacts: int = 40) -> list[Event]:
    """A small helpdesk."""
    return list(simulate(seed=seed, contacts=contacts, events=events, decisions=False))


def scored(heartline: Heartline, events: Sequence[Event]) -> tuple[TestWorker, TestWorker]:
    """Both stages running, and these events through."""
    workers = heartline.start("intake"), heartline.start("scoring")
    heartline.send(events)
    heartline.wait_settled()
    return workers


def test_the_truth_notices_a_score_too_many_and_one_too_few(heartline: Heartline) -> None:
    events = some_events()
    scored(heartline, events)
    assert verdict(heartline, events).problems == []
    heartline.stop()
    signals: list[Any] = heartline.records(HEALTH_SIGNALS)
    copied: list[Any] = [heartline.records(HEALTH_SCORES)[0], next(signal for signal in signals if signal.key())]
    with Sender(heartline.settings) as sender:
        for record in copied:
            sender.send(record.topic(), record.value(), record.key(), partition=record.partition())
    found = verdict(heartline, [*events, events[0]])
    assert any("the event id" in line for line in found.doubled)
    assert any(HEALTH_SCORES in line for line in found.doubled)
    assert any(HEALTH_SIGNALS in line for line in found.doubled)
    assert any("the input topics" in line for line in found.lost)


def test_no_broker(broker: KafkaBroker, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_ports(1)[0]}"
    heartline = Heartline(broker, tmp_path, HEARTLINE_BOOTSTRAP_SERVERS=nobody)
    for worker in [heartline.start("intake"), heartline.start("scoring")]:
        ended(worker, BrokerUnreachable, nobody, "HEARTLINE_BOOTSTRAP_SERVERS")


def test_a_missing_topic(heartline: Heartline) -> None:
    heartline.send(some_events())
    heartline.broker.delete_topics(SUPPORT_REVIEWS)
    for worker in [heartline.start("intake"), heartline.start("scoring")]:
        ended(worker, TopicMissing, SUPPORT_REVIEWS, "heartline topics create")
    assert acknowledged(heartline, "intake") == {}


def test_a_wrong_number_of_partitions(heartline: Heartline) -> None:
    heartline.send(some_events())
    heartline.broker.delete_topics(HEALTH_SCORES)
    heartline.broker.create_topics(HEALTH_SCORES, partitions=3, config={"cleanup.policy": "compact"})
    for worker in [heartline.start("intake"), heartline.start("scoring")]:
        ended(worker, TopicMisconfigured, f"{HEALTH_SCORES}: 3 partitions instead of the 4")
    assert acknowledged(heartline, "intake") == {}


def test_a_data_directory_in_use(heartline: Heartline) -> None:
    first = heartline.start("scoring")
    wait_until(lambda: first.ready, END_SECONDS, "ready")
    (heartline.folder / "scoring-1").mkdir()
    (heartline.folder / "scoring-1" / "scoring").symlink_to(first.data_directory)
    second = heartline.start("scoring", "1")
    ended(second, DataDirectoryInUse, str(second.data_directory), "a directory of its own")
    assert first.running


def test_two_workers_of_one_name(heartline: Heartline) -> None:
    events = some_events()
    _intake, first = scored(heartline, events)
    second = heartline.start("scoring", "1", HEARTLINE_WORKER_ID="scoring-0")

    def one_has_ended() -> bool:
        heartline.send(events[-1:])
        events.append(events[-1])
        return not (first.running and second.running)

    wait_until(one_has_ended, 2 * END_SECONDS, "one of the two ends")
    loser, winner = (first, second) if second.running else (second, first)
    ended(loser, WorkerFenced, "another process uses this worker id")
    winner.kill()
    heartline.start("scoring")
    heartline.wait_settled()
    assert verdict(heartline, events).problems == []


@pytest.mark.parametrize("disk_lost", [False, True])
def test_a_changelog_made_anew_under_the_state(heartline: Heartline, disk_lost: bool) -> None:
    events = some_events()
    _intake, scoring = scored(heartline, events)
    scores = heartline.final_scores()
    scoring.stop()
    heartline.broker.delete_topics(heartline.changelog)
    heartline.create_topics()
    if disk_lost:
        heartline.wipe("scoring")
    before = acknowledged(heartline, "scoring")
    heartline.send(some_events(seed=2))
    again = heartline.start("scoring")
    ended(again, ChangelogRecreated, heartline.changelog, "heartline state reset --everywhere")
    assert acknowledged(heartline, "scoring") == before
    assert heartline.final_scores() == scores


def test_a_row_of_a_newer_version(heartline: Heartline) -> None:
    events = some_events()
    _intake, scoring = scored(heartline, events)
    scoring.stop()
    rows: list[Any] = heartline.records(heartline.changelog)
    row = next(row for row in rows if row.key().startswith(b"default/"))
    value = bytearray(row.value())
    value[3] = 99  # the version: the first element behind the array's header
    with Sender(heartline.settings) as sender:
        sender.send(heartline.changelog, bytes(value), row.key(), partition=row.partition())
    heartline.wipe("scoring")
    before = acknowledged(heartline, "scoring")
    shown = len(heartline.records(HEALTH_SCORES))
    again = heartline.start("scoring")
    heartline.send(event for event in events if f"default/{getattr(event, 'contact', '')}".encode() == row.key())
    ended(again, NewerStateRow, "99", "run the version of Heartline that wrote it")
    assert {where: at for where, at in acknowledged(heartline, "scoring").items() if where[1] == row.partition()} == {
        where: at for where, at in before.items() if where[1] == row.partition()
    }
    assert len(heartline.records(HEALTH_SCORES)) == shown


def test_a_full_disk(heartline: Heartline) -> None:
    events = some_events(events=4_000, contacts=500)
    _intake, scoring = scored(heartline, events[:300])
    scoring.limit_files(50_000)
    heartline.send(events[300:])
    ended(scoring, DiskFull, str(scoring.data_directory), "free space, then start again")
    heartline.start("scoring")
    heartline.wait_settled()
    assert verdict(heartline, events).problems == []


def test_too_many_bad_records(heartline: Heartline) -> None:
    with Sender(heartline.settings) as sender:
        for number in range(3_000):
            sender.send(SUPPORT_TICKETS, b"{%d" % number, None, [(POISON, b"1")])
    ended(heartline.start("intake"), DeadLetterLimit, "heartline dlq list", "HEARTLINE_DEAD_LETTER_LIMIT")
    assert sum(acknowledged(heartline, "intake").values()) < 3_000
    heartline.start("intake", HEARTLINE_DEAD_LETTER_LIMIT="1")
    heartline.start("scoring")
    heartline.wait_settled()
    assert verdict(heartline).problems == []
