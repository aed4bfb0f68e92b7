"""Copies a topic of unlimited retention without some of its records, while nobody writes to it.

Workers write to topics that they do not read, so none of any stage may run; and what is committed behind an open
transaction is not to be read before that ends.

Every record keeps its partition and its offset, because rows and groups know offsets: what is left out, and the marks
that transactions leave in a log, become fillers. A copy is made beside first; only then the topic is deleted, made anew
and filled from the copy. So whenever this is interrupted, doing it again for the same contact goes on.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, Literal, get_args

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
from stream.errors import ConfigurationError, DeliveryFailed, HeartlineError
from stream.settings import Settings, Stage

COPY = "-rewritten"
TIMEOUT_SECONDS = 60.0
OPEN_SECONDS = 60.0
"""So long to wait for open transactions: those of killed workers end after ten seconds, or ten more."""
BATCH = 5_000

Unwanted = Callable[[Message], bool]
Ends = dict[int, int]
Isolation = Literal["read_committed", "read_uncommitted"]


class Rewriter:
    """Rewrites topics of a cluster. Raises ConfigurationError while workers run or a transaction is open in one."""

    def __init__(self, settings: Settings, subject: bytes, say: Callable[[str], None]) -> None:
        """`subject`: whose records are left out; a copy for another one is no copy for it. `say` is told, in words,
        what is being done.
        """
        self._kafka = settings.kafka()
        self._groups = [settings.group(stage) for stage in get_args(Stage)]
        # A static member that stopped is a member until its session ends.
        self._leaving_seconds = 2 * settings.session_timeout_seconds
        self._admin = AdminClient(self._kafka)
        self._suffix = f"{COPY}-{hashlib.sha256(subject).hexdigest()[:12]}"
        self._say = say

    def wait_until_quiet(self, topics: Iterable[str]) -> None:
        """Wait until no worker is there and no transaction is open in these topics.

        Raises:
            ConfigurationError: workers of some stage go on, or a transaction does.
        """
        refused = ConfigurationError("workers still run, of whatever stage: stop them all, and do this again")
        _until(lambda: not self._have_members(), self._leaving_seconds, refused)
        for topic in topics:
            self._wait_for_transactions(topic)

    def _wait_for_transactions(self, topic: str) -> None:
        _until(lambda: self._ends(topic, "read_committed") == self._ends(topic), OPEN_SECONDS, _open(topic))

    def _have_members(self) -> bool:
        for future in self._admin.describe_consumer_groups(self._groups).values():
            try:
                if future.result(TIMEOUT_SECONDS).members:
                    return True
            except KafkaException as error:
                if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
                    raise
        return False

    def whole(self, topic: str) -> str:
        """Where all of a topic is to be read: in its copy, if an interrupted rewrite left only a part of the topic."""
        copy = topic + self._suffix
        return copy if _is_ahead(self._ends(copy), self._ends(topic)) else topic

    def rewrite(self, topic: str, unwanted: Unwanted, filler: bytes | None) -> int:
        """Leave the unwanted records of a topic out, with `filler` in their place. Returns how many they were."""
        self._wait_for_transactions(topic)  # before its end is taken: the mark of one is written when it ends
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
        if self._have_members() or self._ends(topic) != ends:
            raise DeliveryFailed(f"something wrote to {topic} or began to run: stop it, and do this again")
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

    def _ends(self, topic: str, isolation: Isolation = "read_uncommitted") -> Ends:
        """The end of each partition, of all or of what no open transaction keeps back; nothing for no topic. One that
        was just made has no leader yet for a moment.
        """
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                return self._ends_now(topic, isolation)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _ends_now(self, topic: str, isolation: Isolation) -> Ends:
        settings = {**self._kafka, "group.id": "heartline-rewrite", "isolation.level": isolation}
        with closing(Consumer(settings)) as consumer:
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
            position, moved = 0, time.monotonic()
            while position < end:
                before = position
                for message in consumer.consume(BATCH, 1.0):
                    error, offset = message.error(), message.offset() or 0
                    if error is None:
                        position = offset + 1
                        yield message
                    elif error.code() == KafkaError._PARTITION_EOF:  # the end of what is stable: more may come
                        position = max(position, offset)
                    else:
                        raise KafkaException(error)
                if position > before:
                    moved = time.monotonic()
                elif time.monotonic() - moved > OPEN_SECONDS:
                    raise _open(topic)

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
        _until(lambda: bool(self._ends(topic)), TIMEOUT_SECONDS, _late(f"{topic} to be created"))

    def _delete(self, topic: str) -> None:
        if not self._ends(topic):
            return
        (future,) = self._admin.delete_topics([topic], operation_timeout=TIMEOUT_SECONDS).values()
        future.result(TIMEOUT_SECONDS)
        _until(lambda: not self._ends(topic), TIMEOUT_SECONDS, _late(f"{topic} to be deleted"))

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


def _until(condition: Callable[[], bool], seconds: float, error: HeartlineError) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise error
        time.sleep(0.1)


def _late(what: str) -> HeartlineError:
    return DeliveryFailed(f"waited {TIMEOUT_SECONDS:g} s for {what}; see the brokers' logs, then do this again")


def _open(topic: str) -> HeartlineError:
    return ConfigurationError(
        f"a transaction is open in {topic}: whoever began it still runs, or was killed; stop it, wait until its "
        "`transaction.timeout.ms` is over, and do this again"
    )
