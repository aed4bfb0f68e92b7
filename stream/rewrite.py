"""Copies a topic of unlimited retention without some of its records, while nobody writes to it.

Every record keeps its partition and its offset, because rows and groups know offsets: what is left out, and the marks
that transactions leave in a log, become fillers. A copy is made beside first; only then the topic is deleted, made anew
and filled from the copy. So whenever this is interrupted, doing it again for the same contact goes on.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, ConfigSource, NewTopic, ResourceType

from stream.dataplane import sources_row
from stream.errors import ConfigurationError, DeliveryFailed
from stream.settings import Settings

COPY = "-rewritten"
TIMEOUT_SECONDS = 60.0
BATCH = 5_000

Unwanted = Callable[[Message], bool]
Ends = dict[int, int]


class Rewriter:
    """Rewrites topics of a cluster. Raises ConfigurationError while a group that reads one has members."""

    def __init__(self, settings: Settings, subject: bytes, say: Callable[[str], None]) -> None:
        """`subject`: whose records are left out; a copy for another one is no copy for it. `say` is told, in words,
        what is being done.
        """
        self._kafka = settings.kafka()
        self._admin = AdminClient(self._kafka)
        self._suffix = f"{COPY}-{hashlib.sha256(subject).hexdigest()[:12]}"
        self._say = say

    def whole(self, topic: str) -> str:
        """Where all of a topic is to be read: in its copy, if an interrupted rewrite left only a part of the topic."""
        copy = topic + self._suffix
        return copy if _is_ahead(self._ends(copy), self._ends(topic)) else topic

    def rewrite(self, topic: str, unwanted: Unwanted, filler: bytes | None) -> int:
        """Leave the unwanted records of a topic out, with `filler` in their place. Returns how many they were."""
        copy, dropped = topic + self._suffix, 0
        ends, copied = self._ends(topic), self._ends(copy)
        self._delete_copies_of_others(topic, ends)
        if copied and _is_ahead(ends, copied):
            if _is_ahead(copied, ends):
                raise DeliveryFailed(
                    f"{topic} was written to before its rewriting was done: the rest is in {copy} only"
                )
            self._delete(copy)  # it was never finished, and the topic is whole
            copied = {}
        if not copied:
            self._create(copy, like=topic)
            self._say(f"copying {topic}")
            dropped = self._copy(topic, copy, ends, unwanted, filler)
        self._move_offsets(topic, copy)  # also when the copy was there: the run that made it may have ended before this
        self._say(f"writing {topic} anew")
        self._delete(topic)
        self._create(topic, like=copy)
        self._copy(copy, topic, self._ends(copy), lambda _: False, filler)
        self._move_offsets(copy, topic)
        self._delete(copy)
        return dropped

    def _delete_copies_of_others(self, topic: str, ends: Ends) -> None:
        """What an interrupted rewrite for another contact left: that contact's records stay until it is done again."""
        for name in self._admin.list_topics(timeout=TIMEOUT_SECONDS).topics:
            if name.startswith(topic + COPY) and name != topic + self._suffix:
                if _is_ahead(self._ends(name), ends):
                    raise ConfigurationError(
                        f"a rewriting of {topic} for another contact was interrupted, and {name} holds what the topic "
                        "lacks: do that one again first"
                    )
                self._delete(name)

    def adopt(self, changelog: str, topic: str) -> None:
        """Tell the state that was folded from a topic that this is the topic still: offsets are as they were."""
        if not self._ends(changelog):
            return
        (future,) = self._admin.describe_topics(TopicCollection([topic])).values()
        key, value = sources_row({topic: str(future.result(TIMEOUT_SECONDS).topic_id)})
        with _Writer(self._kafka) as writer:
            for partition in self._ends(changelog):
                writer.write(changelog, partition, key, value, [])

    def _ends(self, topic: str) -> Ends:
        """The end of each partition; nothing for a topic that does not exist. One that was just made has no leader yet
        for a moment.
        """
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                return self._ends_now(topic)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _ends_now(self, topic: str) -> Ends:
        with closing(Consumer({**self._kafka, "group.id": "heartline-rewrite"})) as consumer:
            found = consumer.list_topics(timeout=TIMEOUT_SECONDS).topics.get(topic)
            partitions = [] if found is None else list(found.partitions)
            return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), TIMEOUT_SECONDS)[1] for p in partitions}

    def _copy(self, topic: str, to: str, ends: Ends, unwanted: Unwanted, filler: bytes | None) -> int:
        dropped = 0
        with _Writer(self._kafka) as writer:
            for partition, end in ends.items():
                next_offset = 0
                for message in self._records(topic, partition, end):
                    offset = message.offset() or 0
                    for _ in range(offset - next_offset):
                        writer.write(to, partition, None, filler, [])
                    if unwanted(message):
                        dropped += 1
                        writer.write(to, partition, None, filler, [])
                    else:
                        headers, (_, stamp) = message.headers() or [], message.timestamp()
                        writer.write(to, partition, message.key(), message.value(), headers, max(0, stamp))
                    next_offset = offset + 1
                for _ in range(end - next_offset):
                    writer.write(to, partition, None, filler, [])
        if self._ends(to) != ends:
            raise DeliveryFailed(f"{to} does not end where {topic} does: something else wrote to it; stop all workers")
        return dropped

    def _records(self, topic: str, partition: int, end: int) -> Iterator[Message]:
        settings = {**self._kafka, "group.id": "heartline-rewrite", "enable.auto.commit": False}
        consumer = Consumer({**settings, "enable.partition.eof": True, "isolation.level": "read_committed"})
        with closing(consumer):
            consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING)])
            while end > 0:
                for message in consumer.consume(BATCH, 1.0):
                    error = message.error()
                    if error is None:
                        yield message
                    elif error.code() == KafkaError._PARTITION_EOF:
                        return
                    else:
                        raise KafkaException(error)

    def _create(self, topic: str, like: str) -> None:
        resource = ConfigResource(ResourceType.TOPIC, like)
        (future,) = self._admin.describe_configs([resource]).values()
        own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        config = {name: entry.value for name, entry in future.result(TIMEOUT_SECONDS).items() if entry.source == own}
        partitions = self._admin.list_topics(like, timeout=TIMEOUT_SECONDS).topics[like].partitions
        copies = min(len(partition.replicas) for partition in partitions.values())
        new = NewTopic(topic, len(partitions), copies, config=config)
        (made,) = self._admin.create_topics([new], operation_timeout=TIMEOUT_SECONDS).values()
        made.result(TIMEOUT_SECONDS)
        _until(lambda: bool(self._ends(topic)), TIMEOUT_SECONDS, f"{topic} to be created")

    def _delete(self, topic: str) -> None:
        if not self._ends(topic):
            return
        (future,) = self._admin.delete_topics([topic], operation_timeout=TIMEOUT_SECONDS).values()
        future.result(TIMEOUT_SECONDS)
        _until(lambda: not self._ends(topic), TIMEOUT_SECONDS, f"{topic} to be deleted")

    def _move_offsets(self, topic: str, to: str) -> None:
        """Let every group stand where it stood: Kafka forgets a group's offsets with their topic."""
        for group, offsets in self._offsets(topic).items():
            moved = [TopicPartition(to, pair.partition, pair.offset) for pair in offsets]
            request = ConsumerGroupTopicPartitions(group, moved)
            (future,) = self._admin.alter_consumer_group_offsets([request]).values()
            try:
                future.result(TIMEOUT_SECONDS)
            except KafkaException as error:
                raise ConfigurationError(
                    f"the group {group} cannot be moved with {topic} ({error.args[0].str()}): stop all of its members, "
                    "wait for the end of their sessions, and do this again"
                ) from error

    def _offsets(self, topic: str) -> Mapping[str, list[TopicPartition]]:
        groups = self._admin.list_consumer_groups().result(TIMEOUT_SECONDS).valid
        found: dict[str, list[TopicPartition]] = {}
        for group in groups:
            request = [ConsumerGroupTopicPartitions(group.group_id)]
            (future,) = self._admin.list_consumer_group_offsets(request).values()
            pairs = future.result(TIMEOUT_SECONDS).topic_partitions
            here = [pair for pair in pairs if pair.topic == topic and pair.offset >= 0]
            if here:
                found[group.group_id] = here
        return found


def _is_ahead(one: Ends, other: Ends) -> bool:
    """Whether a partition of one topic is longer than that of the other, which may not exist."""
    return any(end > other.get(partition, -1) for partition, end in one.items())


class _Writer:
    """An idempotent producer that keeps the order of a partition; all is confirmed when it is left."""

    def __init__(self, kafka: Mapping[str, str | int | float | bool]) -> None:
        self._failed: KafkaError | None = None
        self._producer = Producer({**kafka, "enable.idempotence": True, "compression.type": "lz4", "linger.ms": 20})

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        left = self._producer.flush(TIMEOUT_SECONDS)
        if kind is None and (left or self._failed is not None):
            raise DeliveryFailed(f"{left} records were not confirmed: {self._failed}")

    def write(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Any,
        timestamp: int = 0,
    ) -> None:
        """With a timestamp of 0 it gets that of the moment. What is copied keeps its own: `health.control` is judged by
        it.
        """
        while True:
            try:
                self._producer.produce(
                    topic,
                    value,
                    key,
                    partition=partition,
                    headers=headers,
                    timestamp=timestamp,
                    on_delivery=self._delivered,
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        self._failed = self._failed or error


def _until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise DeliveryFailed(f"waited {seconds:g} s for {what}; see the brokers' logs, then do this again")
        time.sleep(0.1)
