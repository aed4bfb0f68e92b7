"""The data plane under faults, on a real broker: a reader of committed data sees each record counted exactly once."""

import contextlib
import itertools
import shutil
import signal
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer

from stream.errors import AgentFailed, ChangelogRecreated, DataDirectoryInUse, SourceRecreated, TopicMissing
from tests.support.kafka import KafkaBroker
from tests.support.kafka_stage import Stage, Worker

KEYS = 200


class Flow:
    """A stage's topics with a producer that writes numbered records at a steady pace."""

    def __init__(self, kafka: KafkaBroker, folder: Path) -> None:
        self.kafka = kafka
        self.folder = folder
        name = f"faults-{uuid.uuid4().hex[:8]}"
        self.stage = Stage(bootstrap=kafka.bootstrap, name=name, folder=str(folder))
        kafka.create_topics(self.stage.source, self.stage.output)
        self.sent = 0
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def worker(self, **changes: object) -> Worker:
        """A worker of the stage; not started."""
        stage = msgspec.structs.replace(self.stage, **changes)
        return Worker(stage, self.folder / f"worker-{stage.worker}.log")

    def send(self, count: int) -> None:
        """Send this many records more."""
        for _ in range(count):
            self._producer.produce(self.stage.source, b"%d" % self.sent, b"key-%d" % (self.sent % KEYS))
            self.sent += 1
            if self.sent % 1000 == 0:
                self._producer.poll(0)
        while self._producer.flush(1) and not self._over.is_set():
            continue  # as long as a broker is away

    def start(self, per_second: int = 1000) -> None:
        """Send until `finish`."""

        def work() -> None:
            while not self._over.wait(0.05):
                self.send(per_second // 20)

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let go, whatever is still unsent."""
        self._producer.purge()
        self.finish()

    def finish(self) -> None:
        """Send no more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def await_outputs(self, seconds: float = 40.0) -> dict[bytes, list[bytes]]:
        """Outputs by key, once all have come."""
        deadline = time.monotonic() + seconds
        while True:
            outputs: dict[bytes, list[bytes]] = defaultdict(list)
            messages = self.kafka.read(self.stage.output)
            for message in messages:
                outputs[message.key() or b""].append(message.value() or b"")
            if len(messages) >= self.sent:
                return outputs
            assert time.monotonic() < deadline, f"{len(messages)} of {self.sent} outputs after {seconds} s"
            time.sleep(0.2)

    def assert_exactly_once(self) -> None:
        """Each record of the source once, counted in order without gap; the changelog's last rows say the same."""
        self.await_outputs()
        time.sleep(0.3)
        expected: dict[bytes, list[bytes]] = defaultdict(list)
        for message in self.kafka.read(self.stage.source):
            line = expected[message.key() or b""]
            line.append(b"%s:%d" % (message.value(), len(line) + 1))
        assert self.await_outputs() == expected
        rows = {m.key() or b"": m.value() for m in self.kafka.read(self.stage.changelog)}
        assert {k: v for k, v in rows.items() if k[0]} == {key: b"%d" % len(line) for key, line in expected.items()}


@pytest.fixture
def flow(kafka: KafkaBroker, tmp_path: Path) -> Iterator[Flow]:
    """Fresh topics."""
    flow = Flow(kafka, tmp_path)
    yield flow
    flow.close()


def test_a_worker_killed_in_mid_flow_loses_and_doubles_nothing_with_and_without_its_disk(flow: Flow) -> None:
    flow.start()
    with flow.worker() as worker:
        for disk_is_lost in (False, True):
            worker.wait_for("committed", 5)
            worker.kill()
            if disk_is_lost:
                shutil.rmtree(worker.stage.data)
            worker.start()
        worker.wait_for("committed", 5)
        flow.finish()
        flow.assert_exactly_once()
        assert worker.stop() == 0


def test_a_worker_that_sleeps_while_its_partitions_move_is_refused_when_it_wakes(flow: Flow) -> None:
    flow.start()
    with flow.worker(worker="sleeper") as sleeper, flow.worker(worker="other") as other:
        sleeper.wait_for("committed", 5)
        sleeper.signal(signal.SIGSTOP)
        other.wait_for("ready", seconds=30)
        other.wait_for("committed", 5)
        sleeper.signal(signal.SIGCONT)
        other.wait_for("committed", 40)
        flow.finish()
        flow.assert_exactly_once()


def test_partitions_move_to_a_second_worker_and_back_under_load(flow: Flow) -> None:
    flow.start()
    with flow.worker(worker="a") as first:
        first.wait_for("committed", 3)
        with flow.worker(worker="b", standbys=0) as second:
            second.wait_for("committed", 3)
            first.wait_for("ready", 2)
            assert second.stop() == 0
        first.wait_for("ready", 3)
        first.wait_for("committed", len(first.events("committed")) + 3)
        flow.finish()
        flow.assert_exactly_once()
        assert first.stop() == 0


def test_a_broker_that_restarts_under_load_ends_no_worker(tmp_path: Path) -> None:
    with KafkaBroker() as kafka, contextlib.closing(Flow(kafka, tmp_path)) as flow:
        flow.start()
        with flow.worker() as worker:
            for pull_the_plug in (False, True):
                worker.wait_for("committed", len(worker.events("committed")) + 5)
                if pull_the_plug:
                    kafka.kill()
                kafka.restart()
            worker.wait_for("committed", len(worker.events("committed")) + 5, seconds=60)
            flow.finish()
            flow.assert_exactly_once()
            assert worker.stop() == 0


def test_a_standby_has_the_rows_when_its_owner_dies(flow: Flow) -> None:
    flow.send(2000)
    with flow.worker(worker="a", standbys=1) as first, flow.worker(worker="b", standbys=1) as second:
        _until(lambda: any(e["standby"] == 2 for e in first.events("ready")), "a has standbys")
        _until(lambda: any(e["standby"] == 2 for e in second.events("ready")), "b has standbys")
        flow.send(2000)
        flow.await_outputs()
        time.sleep(1.0)
        first.kill()
        flow.send(1000)
        flow.assert_exactly_once()
        assert "standby.retries" not in second.log()


def test_the_plain_delivery_loses_nothing_when_killed_and_doubles_only_the_last_cycle(flow: Flow) -> None:
    flow.start()
    with flow.worker(delivery="plain") as worker:
        worker.wait_for("committed", 5)
        worker.kill()
        worker.start()
        worker.wait_for("committed", 5)
        flow.finish()
        ids = [int(value.split(b":")[0]) for values in flow.await_outputs().values() for value in values]
        assert worker.stop() == 0
    ids = [int(value.split(b":")[0]) for values in flow.await_outputs().values() for value in values]
    assert set(ids) == set(range(flow.sent))
    assert len(ids) - flow.sent <= 700  # a cycle takes up to 500 and the run that is folded


def test_an_agent_that_raises_ends_the_process_and_acknowledges_nothing(flow: Flow) -> None:
    flow.send(100)
    with flow.worker(fail_at="50") as worker:
        assert worker.process.wait(40) == AgentFailed.exit_code
        assert "told to fail at 50" in worker.log()
    with flow.worker() as worker:
        flow.assert_exactly_once()


def test_two_workers_on_one_data_directory_are_told_apart(flow: Flow) -> None:
    with flow.worker() as first:
        first.wait_for("ready")
        with flow.worker() as second:
            assert second.process.wait(20) == DataDirectoryInUse.exit_code
            assert str(first.process.pid) in second.log()


def test_a_recreated_changelog_or_source_and_a_missing_topic_are_named(flow: Flow) -> None:
    flow.send(500)
    with flow.worker() as worker:
        flow.await_outputs()
        assert worker.stop() == 0
        for topic, error in ((flow.stage.source, SourceRecreated), (flow.stage.changelog, ChangelogRecreated)):
            flow.kafka.delete_topics(topic)
            flow.kafka.create_topics(topic, config={"cleanup.policy": "compact"} if "changelog" in topic else {})
            worker.start()
            assert worker.process.wait(40) == error.exit_code
            assert "heartline state reset" in worker.log()
        shutil.rmtree(worker.stage.data)
        flow.kafka.delete_topics(flow.stage.source)
        worker.start()
        assert worker.process.wait(40) == TopicMissing.exit_code


def test_a_static_member_comes_back_without_a_rebalance(flow: Flow) -> None:
    flow.send(500)
    with (
        flow.worker(worker="a", instance="a", session_seconds=15.0) as first,
        flow.worker(worker="b", instance="b", session_seconds=15.0) as second,
    ):
        _until(lambda: any(e["active"] == 2 for e in first.events("ready")), "a shares")
        _until(lambda: any(e["active"] == 2 for e in second.events("ready")), "b shares")
        before = len(second.events("ready"))
        assert first.stop() == 0
        first.start()
        first.wait_for("ready")
        assert len(second.events("ready")) == before
        flow.send(500)
        flow.assert_exactly_once()


def test_a_lost_disk_is_restored_in_bulk(kafka: KafkaBroker, tmp_path: Path) -> None:
    flow = Flow(kafka, tmp_path)
    count = 200_000
    kafka.create_topics(flow.stage.changelog, config={"cleanup.policy": "compact"})
    producer = Producer(
        {"bootstrap.servers": kafka.bootstrap, "queue.buffering.max.messages": 1_000_000, "linger.ms": 50}
    )
    for i, partition in zip(range(count), itertools.cycle(range(4)), strict=False):
        producer.produce(flow.stage.changelog, b"%d" % i, b"row-%d" % i, partition)
    assert producer.flush(60) == 0
    with flow.worker() as worker:
        worker.wait_for("ready")
        seconds = _restore_seconds(worker.log(), count)
        assert count / seconds > 50_000  # alone on two cores: above 200,000
        assert worker.stop() == 0


def _restore_seconds(log: str, count: int) -> float:
    (line,) = [line for line in log.splitlines() if "restore.done" in line]
    fields = dict(part.split("=") for part in line.split() if "=" in part)
    assert int(fields["records"]) == count
    return float(fields["seconds"])


def _until(condition: Callable[[], bool], what: str, seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
