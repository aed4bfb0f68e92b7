"""A rewriting that is interrupted goes on when it is done again, and loses nothing that is committed."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from stream import rewrite
from stream.errors import ConfigurationError
from stream.rewrite import Rewriter
from stream.settings import Settings
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
