"""The bare loop: what confluent-kafka and the fold cost without state on disk, changelog, transactions or commits."""

from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.contestants.step import Step, task
from models.health.state import ContactState

CONSUMED_AT_ONCE = 1000


def main() -> None:
    """Run until killed."""
    told = task()
    consumer = Consumer({"bootstrap.servers": told.bootstrap, "group.id": told.name, "enable.auto.commit": False})
    consumer.assign([TopicPartition(told.source, p, 0) for p in range(told.partitions)])
    producer: Any = Producer(
        {
            "bootstrap.servers": told.bootstrap,
            "linger.ms": 5,
            "compression.type": "lz4",
            "partitioner": "murmur2_random",
        }
    )
    step = Step(told.prefix)
    rows: dict[bytes, ContactState] = {}
    while True:
        messages: list[Any] = consumer.consume(CONSUMED_AT_ONCE, 0.1)
        for message in messages:
            key = message.key()
            row, outgoing = step(message.partition(), message.offset(), key, message.value(), rows.get(key))
            if row is not None:
                rows[key] = row
            for topic, value, headers, to in outgoing:
                producer.produce(topic, value, to, headers=headers)
        producer.poll(0)


if __name__ == "__main__":
    main()
