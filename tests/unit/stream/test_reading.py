"""Reading topics, without a broker."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from stream import reading
from stream.reading import bounds


class Partition:
    """Answers so many questions for its bounds with an error, and the next one."""

    def __init__(self, code: int, errors: int) -> None:
        self.code, self.errors = code, errors

    def get_watermark_offsets(self, pair: TopicPartition, timeout: float) -> tuple[int, int]:
        if self.errors:
            self.errors -= 1
            raise KafkaException(KafkaError(self.code))
        return 3, 7


def asked(code: int, errors: int) -> tuple[int, int]:
    consumer: Any = Partition(code, errors)
    return bounds(consumer, TopicPartition("health.scores.again", 0))


def test_a_topic_that_was_just_made_is_waited_for_until_it_has_a_leader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LEADER_SECONDS", 0.001)
    assert asked(KafkaError.NOT_LEADER_FOR_PARTITION, 2) == (3, 7)


def test_a_topic_without_a_leader_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TIMEOUT_SECONDS", -1.0)
    with pytest.raises(KafkaException):
        asked(KafkaError.LEADER_NOT_AVAILABLE, 2)


def test_another_error_is_told_at_once() -> None:
    with pytest.raises(KafkaException):
        asked(KafkaError.TOPIC_AUTHORIZATION_FAILED, 1)
