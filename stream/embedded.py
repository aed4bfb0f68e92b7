"""A Kafka in this process for the demo:

librdkafka's mock cluster. Data in memory, four partitions a topic, no transactions.
"""

from collections.abc import Iterable

from confluent_kafka import Producer

START_SECONDS = 10.0


class EmbeddedBroker:
    """Lives as long as this object. Topics appear on first use."""

    def __init__(self, topics: Iterable[str]) -> None:
        self._cluster = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 3})
        brokers = self._cluster.list_topics(timeout=START_SECONDS).brokers.values()
        self.bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        for topic in topics:
            self._cluster.list_topics(topic, timeout=START_SECONDS)
