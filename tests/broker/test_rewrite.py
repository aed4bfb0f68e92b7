"""A rewriting that is interrupted goes on when it is done again, and loses nothing that is committed."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from stream import rewrite
from stream.errors import ConfigurationError, DeliveryFailed
from stream.rewrite import Rewriter
from stream.settings import Settings, Stage
from tests.support.heartline import wait_until
from tests.support.kafka import KafkaBroker

GROUP = "reader-of-logs"
Interrupt = Callable[[str, int], None]


class Killed(BaseException):
    """The process is no more."""


@pytest.fixture
def topic(kafka: KafkaBroker, request: pytest.FixtureRequest) -> str:
    """A topic with ten records of x and ten of y, of which a group has read seven."""
    name = f"log-{abs(hash(request.node.name))}"
    kafka.create_topics(name, partitions=1)
    write(kafka, name, *[key for _ in range(10) for key in (b"x", b"y")])
    with closing(Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": GROUP})) as consumer:
        consumer.commit(offsets=[TopicPartition(name, 0, 7)], asynchronous=False)
    return name


@pytest.fixture
def interrupted(kafka: KafkaBroker, topic: str, monkeypatch: pytest.MonkeyPatch) -> Interrupt:
    """Rewrites the topic without x, and is killed at the given call of one of the rewriter's methods."""

    def until(method: str, number: int) -> None:
        calls, real = iter(range(1, 99)), getattr(Rewriter, method)

        def call(*arguments: Any) -> Any:
            if next(calls) == number:
                raise Killed
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(Rewriter, method, call)
            with pytest.raises(Killed):
                without(kafka, topic, b"x")

    return until


# Of the calls: the copy is made, offsets moved to it, the topic deleted, made anew, filled, and offsets moved back.
@pytest.mark.parametrize(
    ("method", "number"), [("_copy", 1), ("_move_offsets", 1), ("_delete", 1), ("_copy", 2), ("_move_offsets", 2)]
)
def test_a_rewriting_that_was_interrupted_goes_on(
    kafka: KafkaBroker, topic: str, interrupted: Interrupt, method: str, number: int
) -> None:
    interrupted(method, number)
    without(kafka, topic, b"x")
    assert keys(kafka, topic) == [None, b"y"] * 10
    assert committed(kafka, topic) == 7
    assert copies(kafka, topic) == []


def test_a_copy_for_another_contact_is_none(kafka: KafkaBroker, topic: str, interrupted: Interrupt) -> None:
    interrupted("_delete", 1)
    assert len(copies(kafka, topic)) == 1
    without(kafka, topic, b"y")
    assert keys(kafka, topic) == [b"x", None] * 10
    assert copies(kafka, topic) == []


def test_a_copy_for_another_contact_that_alone_is_whole_is_refused(
    kafka: KafkaBroker, topic: str, interrupted: Interrupt
) -> None:
    interrupted("_copy", 2)
    with pytest.raises(ConfigurationError, match="do that one again first"):
        without(kafka, topic, b"y")
    assert [rewriter(kafka, b"x").whole(topic)] == copies(kafka, topic)
    assert rewriter(kafka, b"y").whole(topic) == topic
    without(kafka, topic, b"x")
    assert rewriter(kafka, b"x").whole(topic) == topic
    assert keys(kafka, topic) == [None, b"y"] * 10


def test_what_is_committed_behind_an_open_transaction_is_kept(kafka: KafkaBroker, topic: str) -> None:
    """As a killed worker leaves one: it ends when its time is over."""
    with transaction(kafka, topic, seconds=5):
        write(kafka, topic, b"y", b"x", b"y")
        assert without(kafka, topic, b"x") == 11
    written = [key for key in keys(kafka, topic) if key is not None]
    assert written == [b"y"] * 12
    assert end(kafka, topic) == 25, "20 records, the one that came to nothing, three, and a mark"


def test_a_transaction_that_stays_open_is_refused(
    kafka: KafkaBroker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "OPEN_SECONDS", 2.0)
    with transaction(kafka, topic, seconds=300) as producer:
        write(kafka, topic, b"y", b"x", b"y")
        with pytest.raises(ConfigurationError, match=r"transaction\.timeout\.ms"):
            rewriter(kafka, b"x").wait_until_quiet([topic])
        with pytest.raises(ConfigurationError, match=r"transaction\.timeout\.ms"):
            without(kafka, topic, b"x")
        with pytest.raises(ConfigurationError, match=r"transaction\.timeout\.ms"):
            list(rewriter(kafka, b"x")._records(topic, 0, end(kafka, topic)))
        producer.commit_transaction(30)
    assert keys(kafka, topic) == [b"x", b"y"] * 10 + [b"open", b"y", b"x", b"y"]
    rewriter(kafka, b"x").wait_until_quiet([topic])
    without(kafka, topic, b"x")
    assert [key for key in keys(kafka, topic) if key is not None] == [b"y"] * 10 + [b"open", b"y", b"y"]


@pytest.mark.parametrize("stage", ["intake", "portfolios"])
@pytest.mark.parametrize("static", [True, False])
def test_while_a_worker_of_any_stage_runs_nothing_is_rewritten(
    kafka: KafkaBroker, topic: str, stage: Stage, static: bool
) -> None:
    """It may read nothing of the topic and write to it."""
    kafka.create_topics(f"{topic}-input", partitions=1)
    more = {"group.instance.id": "a"} if static else {}
    base = {"bootstrap.servers": kafka.bootstrap, "session.timeout.ms": 6000, "auto.offset.reset": "earliest"}
    with closing(Consumer({**base, "group.id": settings(kafka).group(stage), **more})) as worker:
        worker.subscribe([f"{topic}-input"])
        write(kafka, f"{topic}-input", b"input")
        wait_until(lambda: worker.poll(0.5) is not None, 30, "a member")
        with pytest.raises(ConfigurationError, match="workers still run"):
            Rewriter(settings(kafka, session_timeout_seconds=3), b"x", lambda _: None).wait_until_quiet([topic])
        with pytest.raises(DeliveryFailed, match="began to run"):
            without(kafka, topic, b"x")
    rewriter(kafka, b"x").wait_until_quiet([topic])  # for the end of a session, too
    assert without(kafka, topic, b"x") == 0, "the copy is there"
    assert keys(kafka, topic) == [None, b"y"] * 10


def test_what_is_written_during_the_copying_is_not_lost(
    kafka: KafkaBroker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = Rewriter._move_offsets

    def written_to(self: Rewriter, topic: str, to: str) -> None:
        write(kafka, topic, b"late")
        move(self, topic, to)

    with monkeypatch.context() as patch:
        patch.setattr(Rewriter, "_move_offsets", written_to)
        with pytest.raises(DeliveryFailed, match="do this again"):
            without(kafka, topic, b"x")
    assert without(kafka, topic, b"x") == 10
    assert keys(kafka, topic) == [None, b"y"] * 10 + [b"late"]


@contextmanager
def transaction(kafka: KafkaBroker, topic: str, seconds: int) -> Iterator[Producer]:
    """An open one, with a record in the topic."""
    more = {"transactional.id": f"t-{topic}", "transaction.timeout.ms": seconds * 1000}
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "linger.ms": 0, **more})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"value", b"open")
    assert producer.flush(30) == 0
    yield producer


def end(kafka: KafkaBroker, topic: str) -> int:
    return rewriter(kafka, b"")._ends(topic)[0]


def rewriter(kafka: KafkaBroker, subject: bytes) -> Rewriter:
    return Rewriter(settings(kafka), subject, lambda _: None)


def without(kafka: KafkaBroker, topic: str, key: bytes) -> int:
    return rewriter(kafka, key).rewrite(topic, lambda message: message.key() == key, None)


def settings(kafka: KafkaBroker, **more: Any) -> Settings:
    return Settings(bootstrap_servers=kafka.bootstrap, replication_factor=1, application="rewritten", **more)


def write(kafka: KafkaBroker, topic: str, *records: bytes) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for key in records:
        producer.produce(topic, b"value", key)
    assert producer.flush(30) == 0


def keys(kafka: KafkaBroker, topic: str) -> list[bytes | None]:
    return [message.key() for message in kafka.read(topic)]


def committed(kafka: KafkaBroker, topic: str) -> int:
    with closing(Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": GROUP})) as consumer:
        (pair,) = consumer.committed([TopicPartition(topic, 0)], 30)
    return int(pair.offset)


def copies(kafka: KafkaBroker, topic: str) -> list[str]:
    return [name for name in kafka.admin().list_topics(timeout=30).topics if name.startswith(topic + rewrite.COPY)]
