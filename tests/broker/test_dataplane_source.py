"""Reading the sources: back-pressure per partition, and what an assignment begins with."""

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest
from confluent_kafka import Producer

from stream.dataplane.run import Generation, Run
from stream.dataplane.settings import PlaneSettings
from stream.dataplane.source import Source
from tests.support.kafka import KafkaBroker

COUNT = 3000


class Reader:
    """A source whose runs are collected, and folded only if told so."""

    def __init__(self, kafka: KafkaBroker) -> None:
        self.topic = f"source-{uuid.uuid4().hex[:8]}"
        kafka.create_topics(self.topic, partitions=2)
        producer = Producer({"bootstrap.servers": kafka.bootstrap})
        for offset in range(COUNT):
            for partition in (0, 1):
                producer.produce(self.topic, b"%d" % offset, partition=partition)
        assert producer.flush(30) == 0
        self.offsets: dict[tuple[int, int], list[int]] = defaultdict(list)
        self.folding: set[int] = set()
        self._lock = threading.Lock()
        settings = PlaneSettings(
            application=self.topic, worker_id="0", bootstrap=kafka.bootstrap, buffer_records=300, run_records=100
        )
        self.source = Source(settings, self._deliver, self._fail)
        self.source.start()

    def assign(self, number: int) -> None:
        """Read both partitions from their start."""
        self.source.assign(Generation(number, "member", "group"), {(self.topic, 0): 0, (self.topic, 1): 0})

    def got(self, number: int, partition: int) -> list[int]:
        """Offsets that came under this generation."""
        return self.offsets[number, partition]

    def wait_for(self, number: int, partition: int, count: int) -> None:
        """Wait for so many records."""
        deadline = time.monotonic() + 20
        while len(self.got(number, partition)) < count:
            assert time.monotonic() < deadline, f"{len(self.got(number, partition))} of {count} records"
            time.sleep(0.01)

    def _deliver(self, runs: Sequence[Run]) -> None:
        for run in runs:
            self.offsets[run.generation.number, run.partition] += [record.offset for record in run.records]
            if run.partition in self.folding:
                self.source.folded(run)

    def _fail(self, error: BaseException) -> None:
        raise error


@pytest.fixture
def reader(kafka: KafkaBroker) -> Iterator[Reader]:
    """Two partitions of 3000 records each."""
    reader = Reader(kafka)
    yield reader
    reader.source.close(10)


def test_a_partition_that_is_not_folded_is_paused_and_the_other_goes_on(reader: Reader) -> None:
    reader.folding = {1}
    reader.assign(1)
    reader.wait_for(1, 1, COUNT)
    reader.wait_for(1, 0, 300)
    time.sleep(0.3)
    assert 300 < len(reader.got(1, 0)) <= 500
    assert reader.got(1, 1) == list(range(COUNT))
    assert reader.source.waiting()


def test_a_pause_does_not_outlive_its_assignment(reader: Reader) -> None:
    reader.assign(1)
    reader.wait_for(1, 0, 300)
    reader.wait_for(1, 1, 300)
    reader.source.revoke()
    reader.folding = {0, 1}
    reader.assign(2)
    for partition in (0, 1):
        reader.wait_for(2, partition, COUNT)
        assert reader.got(2, partition) == list(range(COUNT))


def test_lag_counts_what_is_not_folded(reader: Reader) -> None:
    reader.folding = {1}
    reader.assign(1)
    reader.wait_for(1, 1, COUNT)
    deadline = time.monotonic() + 20
    while reader.source.lag((reader.topic, 1), 0) != 0 or not reader.source.lag((reader.topic, 0), 0):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert reader.source.lag((reader.topic, 0), 0) == COUNT
    assert reader.source.lag((reader.topic, 7), 0) is None


def test_a_group_without_offsets_starts_at_the_first_record(reader: Reader) -> None:
    assert reader.source.committed([(reader.topic, 0), (reader.topic, 1)]) == {
        (reader.topic, 0): 0,
        (reader.topic, 1): 0,
    }
