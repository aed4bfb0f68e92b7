"""A real Apache Kafka for tests: one broker and controller in a process (KRaft), ready in about three seconds.

The jars come from Maven once and stay in the repository's ignored `.cache/kafka/`. Needs Java 17+ and Maven.
"""

import contextlib
import ctypes
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from stream.demo import free_port

HERE = Path(__file__).parent / "kafka_jars"
CACHE = Path(__file__).parents[2] / ".cache" / "kafka"
START_SECONDS = 180.0
AT_ONCE: Final = {"fetch.wait.max.ms": 20, "fetch.error.backoff.ms": 20}
"""Properties of a consumer that wants to know soon that there is nothing more: by default a broker keeps it 0.5 s."""


class KafkaUnavailable(RuntimeError):
    """Kafka cannot be started on this machine; the message says what is missing."""


def jars() -> Path:
    """The folder of the broker's jars, fetched on the first call (about 8 s, 45 MB).

    Raises:
        KafkaUnavailable: Java or Maven is missing, or Maven could not fetch.
    """
    for tool, package in (("java", "default-jre-headless"), ("mvn", "maven")):
        if shutil.which(tool) is None:
            raise KafkaUnavailable(f"broker tests need `{tool}`; install it (Debian: apt-get install {package})")
    pom = HERE / "pom.xml"
    folder = CACHE / hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=CACHE))
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={fresh}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise KafkaUnavailable(f"Maven could not fetch Apache Kafka:\n{done.stdout}\n{done.stderr}")
        try:
            fresh.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(fresh, ignore_errors=True)
    return folder


def free_ports(count: int) -> list[int]:
    """Different ports of the loopback interface that nobody listens on right now."""
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    return list(ports)


class KafkaBroker:
    """One broker on a loopback port with its data in a folder of its own.

    Use it as a context manager, or call `start`, `stop` (clean), `kill` (SIGKILL) and `restart` (same data, same port).
    """

    def __init__(self, folder: Path | None = None, properties: dict[str, str] | None = None) -> None:
        """`folder` holds data and log (default: a temporary one, removed at the end); `properties` override."""
        self._own = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="kafka-")) if folder is None else folder
        self.port, self._controller_port = free_ports(2)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self._properties = properties or {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "KafkaBroker":
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def log(self) -> Path:
        """What the broker wrote (warnings and errors)."""
        return self.folder / "broker.log"

    def start(self) -> None:
        """Format the storage if it is new, start, and wait until the broker answers."""
        lib = jars()
        config = self.folder / "server.properties"
        if not config.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            config.write_text("".join(f"{key}={value}\n" for key, value in self._server_properties().items()))
            tool = self._java(lib, "128m", "kafka.tools.StorageTool")
            cluster = "aGVhcnRsaW5lLXRlc3RzLQ"  # any 16 bytes in base64
            subprocess.run(
                [*tool, "format", "--standalone", "-t", cluster, "-c", str(config)], check=True, capture_output=True
            )
        with self.log.open("ab") as log:
            command = [*self._java(lib, "512m", "kafka.Kafka"), str(config)]
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, preexec_fn=_die_with_parent
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Shut down cleanly."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Pull the plug."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Stop it in the middle of whatever it does: connections stay open, and nobody answers."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def restart(self) -> None:
        """Start again on the same data and port, after a `stop` or `kill` (stops first if it runs)."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop and remove a temporary folder."""
        self.kill()
        if self._own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def admin(self) -> AdminClient:
        """An admin client of this broker; keep it while its futures run."""
        return AdminClient({"bootstrap.servers": self.bootstrap})

    def create_topics(self, *names: str, partitions: int = 4, config: dict[str, str] | None = None) -> None:
        """Create topics and wait until they exist."""
        admin = self.admin()
        topics = [NewTopic(name, partitions, 1, config=config or {}) for name in names]
        for future in admin.create_topics(topics).values():
            future.result(timeout=30)

    def delete_topics(self, *names: str) -> None:
        """Delete topics and wait until they are gone."""
        admin = self.admin()
        for future in admin.delete_topics(list(names)).values():
            future.result(timeout=30)
        deadline = time.monotonic() + 30
        while set(names) & set(admin.list_topics(timeout=10).topics):
            if time.monotonic() > deadline:
                raise TimeoutError(f"topics {names} still exist 30 s after their deletion")
            time.sleep(0.05)

    def read(self, topic: str, timeout_seconds: float = 30.0) -> list[Message]:
        """All committed records of a topic, to its end (read committed)."""
        return list(read_to_end(self.bootstrap, topic, timeout_seconds))

    def _java(self, lib: Path, heap: str, main: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.xml'}"
        return ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", logging, "-cp", f"{lib}/*", main]

    def _server_properties(self) -> dict[str, str]:
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self._controller_port}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "auto.create.topics.enable": "false",
        } | self._properties

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0, "socket.timeout.ms": 2000})
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(KafkaException):
                admin.list_topics(timeout=1.0)
                return
        self.kill()
        raise KafkaUnavailable(f"Apache Kafka did not start:\n{self.log.read_text()[-4000:]}")

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.kill(process.pid, how)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


def _die_with_parent() -> None:
    """Linux: a killed test run leaves no broker behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def read_to_end(bootstrap: str, topic: str, timeout_seconds: float = 30.0) -> Iterator[Message]:
    """The records of a topic that a reader of committed data sees, up to the end of each partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "tests-reader",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            **AT_ONCE,
        }
    )
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
        left = set(partitions)
        deadline = time.monotonic() + timeout_seconds
        while left:
            if time.monotonic() > deadline:
                raise TimeoutError(f"partitions {sorted(left)} of {topic} were not read to the end")
            yield from _good(what_is_there(consumer), left)
    finally:
        consumer.close()


def what_is_there(consumer: Consumer, seconds: float = 0.2) -> list[Message]:
    """The first message that comes within so many seconds, and what came with it."""
    first = consumer.poll(seconds)
    return [] if first is None else [first, *consumer.consume(5000, 0)]


def _good(messages: Sequence[Message], left: set[int]) -> Iterator[Message]:
    for message in messages:
        error = message.error()
        if error is None:
            yield message
        elif error.code() == KafkaError._PARTITION_EOF:
            left.discard(message.partition() or 0)
        else:
            raise KafkaException(error)
