"""A whole Heartline on a broker: topics, workers as processes, and what they put out."""

import os
import resource
import shutil
import signal
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from schemas.base import Event
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_BAND_CHANGES,
    HEALTH_PORTFOLIO_SIGNALS,
    HEALTH_SCORE_HISTORY,
    HEALTH_SCORES,
    HEALTH_SIGNALS,
    INPUTS,
)
from schemas.scores import BandChanged, ScoreClosed, ScoreUpdated
from stream.demo import Worker
from stream.sending import Sender
from stream.settings import Settings, Stage
from stream.topics import Topics, all_topics, table_changelog
from tests.support.kafka import AT_ONCE, KafkaBroker, what_is_there

decode_score = msgspec.json.Decoder(ScoreUpdated).decode
decode_band = msgspec.json.Decoder(BandChanged).decode
decode_close = msgspec.json.Decoder(ScoreClosed).decode


class TestWorker(Worker):
    """A worker that can be hurt."""

    __test__ = False

    def kill(self) -> None:
        """Pull the plug."""
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Stop it in the middle of whatever it does."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self._process.pid, signal.SIGCONT)

    def ask_to_end(self) -> None:
        """SIGTERM, and no waiting."""
        self._process.terminate()

    def limit_files(self, size: int) -> None:
        """From now on the kernel refuses to make a file of its longer than this many bytes, as a used-up quota does."""
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (size, size))

    def exit_code(self, timeout: float = 30.0) -> int:
        """Wait for its end."""
        return self._process.wait(timeout)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    @property
    def ready(self) -> bool:
        """Whether it has its partitions and their state, and reads."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def log(self) -> str:
        """What it said."""
        return self._log.read_text(errors="replace")


class QuietSettings(Settings):
    """Settings of the clients in the test itself: a broker that is killed is no news."""

    def kafka(self) -> dict[str, str | int | float | bool]:
        """The connection, and silence."""
        return {**super().kafka(), "log_level": "0"}


class Heartline:
    """Workers on a broker. `environment` holds settings beside those of the broker and the folder."""

    def __init__(self, broker: KafkaBroker, folder: Path, **environment: str) -> None:
        self.broker = broker
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "HEARTLINE_BOOTSTRAP_SERVERS": broker.bootstrap,
            "HEARTLINE_PARTITIONS": "4",
            "HEARTLINE_SESSION_TIMEOUT_SECONDS": "6",
            "HEARTLINE_HTTP_HOST": "127.0.0.1",
            "HEARTLINE_CLASSIFIER": "vader",
            **environment,
        }
        names = {name.removeprefix("HEARTLINE_").lower(): value for name, value in self.environment.items()}
        self.settings = QuietSettings(**names)  # type: ignore[arg-type]
        self.workers: list[TestWorker] = []
        self._starts = 0

    @property
    def process_environment(self) -> dict[str, str]:
        """The environment of commands against this broker."""
        return {**os.environ, **self.environment}

    def alter_topic(self, topic: str, config: dict[str, str]) -> None:
        """Change settings of a topic."""
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in config.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        admin = self.broker.admin()
        for future in admin.incremental_alter_configs([resource]).values():
            future.result(30)

    def create_topics(self) -> None:
        """Create all topics of the catalogue."""
        Topics(self.settings).create(all_topics(self.settings))

    def start(
        self, stage: Stage, worker_id: str = "0", program: Sequence[str] = ("-m", "stream"), **environment: str
    ) -> TestWorker:
        """Start a worker; the same id gets the same data directory."""
        folder = self.folder / f"{stage}-{worker_id}"
        folder.mkdir(exist_ok=True)
        self._keep_log(folder / f"{stage}.log")
        own = {"HEARTLINE_WORKER_ID": f"{stage}-{worker_id}", **environment}
        worker = TestWorker(stage, folder, self.environment | own, program)
        self.workers.append(worker)
        return worker

    def _keep_log(self, log: Path) -> None:
        """A worker writes its log anew; what the one before it said is kept beside."""
        if log.exists():
            self._starts += 1
            log.rename(log.with_suffix(f".{self._starts}.log"))

    def wipe(self, stage: Stage, worker_id: str = "0") -> None:
        """Lose the disk of a worker that does not run."""
        shutil.rmtree(self.folder / f"{stage}-{worker_id}" / stage, ignore_errors=True)

    def stop(self) -> None:
        """Stop all that runs."""
        for worker in self.workers:
            if worker.running:
                worker.resume()
                worker.stop()
        self.workers.clear()

    def send(self, events: Iterable[Event]) -> int:
        """Send events, confirmed."""
        with Sender(self.settings) as sender:
            for event in events:
                sender.send_event(event)
        return sender.sent

    def wait_settled(
        self, timeout: float = 120.0, quiet_seconds: float = 1.5, stages: Sequence[Stage] = ("intake", "scoring")
    ) -> None:
        """Wait until the groups have committed all that their topics hold, for a while."""
        since: float | None = None
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.caught_up(stages):
                since = since or time.monotonic()
                if time.monotonic() - since >= quiet_seconds:
                    return
            else:
                since = None
            if not any(worker.running for worker in self.workers):
                break
            time.sleep(0.2)
        raise TimeoutError(f"records still wait after {timeout:g} s; " + "\n".join(w.log[-1500:] for w in self.workers))

    def wait_quiet(self, timeout: float = 120.0, quiet_seconds: float = 3.0) -> None:
        """Wait until nothing is written any more: a sweep moves no offset of a group."""
        topics = [HEALTH_SCORES, HEALTH_BAND_CHANGES, HEALTH_SCORE_HISTORY, self.changelog]
        deadline = time.monotonic() + timeout
        before, since = ends(self.broker.bootstrap, topics), time.monotonic()
        while time.monotonic() - since < quiet_seconds:
            if time.monotonic() > deadline:
                raise TimeoutError(f"something is still being written after {timeout:g} s: {before}")
            time.sleep(0.3)
            now = ends(self.broker.bootstrap, topics)
            if now != before:
                before, since = now, time.monotonic()

    @property
    def changelog(self) -> str:
        """The name of scoring's changelog."""
        return table_changelog("scoring", self.settings).name

    def caught_up(self, stages: Sequence[Stage]) -> bool:
        """Whether no committed record waits behind the offsets of the groups."""
        topics: dict[Stage, list[str]] = {
            "intake": [topic.name for topic in INPUTS],
            "scoring": [HEALTH_SIGNALS],
            "accounts": [HEALTH_ACCOUNT_SIGNALS],
            "portfolios": [HEALTH_PORTFOLIO_SIGNALS],
        }
        return all(nothing_waits(self.broker.bootstrap, self.settings.group(stage), topics[stage]) for stage in stages)

    def scores(self) -> list[ScoreUpdated]:
        """Every committed score record, in order per contact."""
        return [decode_score(value) for value in self._values(HEALTH_SCORES)]

    def final_scores(self) -> dict[tuple[str, str], ScoreUpdated]:
        """The last score of each contact."""
        return {(score.tenant, score.contact): score for score in self.scores()}

    def bands(self) -> list[BandChanged]:
        """Every committed band change."""
        return [decode_band(value) for value in self._values(HEALTH_BAND_CHANGES)]

    def closes(self) -> list[ScoreClosed]:
        """Every committed daily close."""
        return [decode_close(value) for value in self._values(HEALTH_SCORE_HISTORY)]

    def records(self, topic: str) -> list[Message]:
        """Every committed record of a topic."""
        return self.broker.read(topic, 120)

    def _values(self, topic: str) -> list[bytes]:
        return [value for message in self.records(topic) if (value := message.value()) is not None]


def nothing_waits(bootstrap: str, group: str, topics: list[str]) -> bool:
    """Whether a reader of committed data finds no record behind a group's offsets (commit markers are none)."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            **AT_ONCE,
        }
    )
    try:
        known = consumer.list_topics(timeout=10).topics
        everywhere = [TopicPartition(topic, p) for topic in topics for p in known[topic].partitions]
        try:
            starts = consumer.committed(everywhere, 10)
        except KafkaException:  # a coordinator that is loading or moving
            return False
        for pair in starts:
            pair.offset = pair.offset if pair.offset >= 0 else OFFSET_BEGINNING
        consumer.assign(starts)
        left = len(starts)
        while left:
            for message in what_is_there(consumer):
                error = message.error()
                if error is None:
                    return False
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                left -= 1
        return True
    finally:
        consumer.close()


def ends(bootstrap: str, topics: list[str]) -> dict[tuple[str, int], int]:
    """Where the partitions of topics end now."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "tests-ends"})
    try:
        known = consumer.list_topics(timeout=10).topics
        pairs = [TopicPartition(topic, p) for topic in topics for p in known[topic].partitions]
        return {(pair.topic, pair.partition): consumer.get_watermark_offsets(pair, 10)[1] for pair in pairs}
    finally:
        consumer.close()


def wait_until(condition: Callable[[], bool], timeout: float, what: str) -> None:
    """Wait for a condition; a TimeoutError says what did not come true."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout:g} s")
        time.sleep(0.1)
