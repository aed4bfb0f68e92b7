"""Looks at a running process from outside: how far it is, and what it has cost so far."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import psutil
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

# A topic just created has no leader for a moment.
_LEADERLESS = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART}

SAMPLE_SECONDS = 0.1
QUIET_SECONDS = 1.5


class Sample(NamedTuple):
    """A moment: monotonic seconds, CPU seconds used so far, records put out so far."""

    at: float
    cpu: float
    outputs: int


class Offsets:
    """The ends of topics, as all records count (open transactions too)."""

    def __init__(self, bootstrap: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap})

    def ends(self, topics: Sequence[str], partitions: int) -> dict[tuple[str, int], int]:
        """The next offset of each partition, by one request: who is watched shares broker and cores with this."""
        latest: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked = {TopicPartition(topic, p): latest for topic in topics for p in range(partitions)}
        while True:
            answers = self._admin.list_offsets(asked, request_timeout=10)
            try:
                return {(where.topic, where.partition): answer.result().offset for where, answer in answers.items()}
            except KafkaException as error:
                if error.args[0].code() not in _LEADERLESS:
                    raise
                time.sleep(SAMPLE_SECONDS)


def watch(pid: int, outputs: Callable[[], int], expected: int, timeout: float) -> list[Sample]:
    """Sample until at least `expected` records are out and no more come.

    Raises:
        TimeoutError: they did not come in time.
        RuntimeError: the process ended.
    """
    process = psutil.Process(pid)
    deadline = time.monotonic() + timeout
    samples = [_sample(process, outputs)]
    while True:
        time.sleep(SAMPLE_SECONDS)
        sample = _sample(process, outputs)
        if sample.outputs > samples[-1].outputs:
            samples.append(sample)
        elif sample.outputs >= expected and sample.at - samples[-1].at > QUIET_SECONDS:
            return samples
        if process.status() == psutil.STATUS_ZOMBIE:
            raise RuntimeError("the process has ended")
        if sample.at > deadline:
            raise TimeoutError(f"{sample.outputs} of {expected} records after {timeout:g} s")


def _sample(process: psutil.Process, outputs: Callable[[], int]) -> Sample:
    used = process.cpu_times()
    return Sample(time.monotonic(), used.user + used.system, outputs())


class Digest(NamedTuple):
    """How many records, and the sum of their checksums: the same for the same records in any order."""

    records: int
    checksum: int


def read(bootstrap: str, starts: dict[tuple[str, int], int], expected: int, timeout: float = 30.0) -> list[Message]:
    """The committed records from `starts` on; waits until there are `expected` ones, at most `timeout` seconds."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, p, offset) for (topic, p), offset in starts.items()])
    found: list[Message] = []
    deadline = time.monotonic() + timeout
    try:
        while time.monotonic() < deadline:
            messages = consumer.consume(5000, 0.5)
            found += [message for message in messages if message.error() is None]
            if not messages and len(found) >= expected:
                break
        return found
    finally:
        consumer.close()
