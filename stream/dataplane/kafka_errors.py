"""Kafka's errors by the names of our tree."""

from confluent_kafka import KafkaError

from stream.errors import BrokerUnreachable, HeartlineError, TopicMissing

_NO_TOPIC = {KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION}


def named(error: KafkaError, what: str) -> HeartlineError:
    """The named error for a Kafka error of a reader."""
    if error.code() in _NO_TOPIC:
        return TopicMissing(f"{what}: {error.str()}; run `heartline topics create`, then start again")
    return BrokerUnreachable(f"{what}: {error.name()}: {error.str()}; check the brokers, then start again")
