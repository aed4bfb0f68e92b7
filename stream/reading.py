"""Reading topics for commands: from the beginning to their present end, or onwards as they grow."""

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.keys import partition_for
from stream.connection import Connection
from stream.errors import TopicMissing
from stream.settings import Settings

TIMEOUT_SECONDS = 10.0
BATCH = 5000
LEADER_SECONDS = 0.2
_NO_LEADER_YET = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE}


class TopicReader:
    """Reads committed records of topics outside any group."""

    def __init__(self, settings: Settings, topics: Sequence[str]) -> None:
        self._connection = Connection(settings)
        self._consumer = Consumer(
            {
                **self._connection.properties,
                "group.id": f"heartline-reader-{uuid.uuid4()}",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            }
        )
        self._partitions = [pair for topic in topics for pair in self._partitions_of(topic)]

    @property
    def partitions(self) -> int:
        """How many partitions there are to read."""
        return len(self._partitions)

    def _partitions_of(self, topic: str) -> list[TopicPartition]:
        try:
            found = self._consumer.list_topics(topic, timeout=TIMEOUT_SECONDS).topics[topic]
        except KafkaException as error:
            raise self._connection.unreachable(self._consumer, error) from error
        if found.error is not None:
            raise TopicMissing(f"topic {topic} does not exist; run `heartline topics create`")
        return [TopicPartition(topic, partition) for partition in found.partitions]

    def all(self, partition: int | None = None) -> Iterator[Message]:
        """Every record up to the present end (of one partition, if given)."""
        wanted = [pair for pair in self._partitions if partition in (None, pair.partition)]
        return self._to_end([TopicPartition(pair.topic, pair.partition, OFFSET_BEGINNING) for pair in wanted])

    def last(self, offsets: int) -> Iterator[Message]:
        """What the last so many offsets of each partition hold, in order; there, markers of transactions count too."""
        starts = []
        for pair in self._partitions:
            low, high = bounds(self._consumer, pair)
            starts.append(TopicPartition(pair.topic, pair.partition, max(low, high - offsets)))
        return self._to_end(starts)

    def _to_end(self, starts: list[TopicPartition]) -> Iterator[Message]:
        waiting = {(pair.topic, pair.partition) for pair in starts}
        for message in self._follow(starts):
            if message is None:
                continue
            error = message.error()
            if error is None:
                yield message
            else:
                waiting.discard((message.topic(), message.partition()))
                if not waiting:
                    return

    def onwards(
        self, key: bytes | None = None, *, from_beginning: bool = False, wait_seconds: float = 0.2
    ) -> Iterator[Message | None]:
        """Records as they come (of the partitions that hold a key, if given); None whenever none came for
        `wait_seconds`.
        """
        offset = OFFSET_BEGINNING if from_beginning else OFFSET_END
        counts = Counter(pair.topic for pair in self._partitions)
        starts = [
            TopicPartition(pair.topic, pair.partition, offset)
            for pair in self._partitions
            if key is None or pair.partition == partition_for(key, counts[pair.topic])
        ]
        for message in self._follow(starts, wait_seconds):
            if message is None or message.error() is None:
                yield message

    def _follow(self, starts: list[TopicPartition], wait_seconds: float = 0.2) -> Iterator[Message | None]:
        self._consumer.assign(starts)
        while True:
            messages = self._consumer.consume(BATCH, wait_seconds)
            for message in messages:
                error = message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                yield message
            if not messages:
                yield None

    def count(self) -> int:
        """Records that the partitions hold now; where there are transactions, their markers count too."""
        ends = (bounds(self._consumer, pair) for pair in self._partitions)
        return sum(high - low for low, high in ends)

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close()


def bounds(consumer: Consumer, pair: TopicPartition) -> tuple[int, int]:
    """The first offset of a partition and its end. One that was just made, or moves, has no leader for a moment."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            low, high = consumer.get_watermark_offsets(pair, TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() not in _NO_LEADER_YET or time.monotonic() > deadline:
                raise
            time.sleep(LEADER_SECONDS)
        else:
            return low, high
