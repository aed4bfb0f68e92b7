"""Events per second and CPU per event: Heartline's scoring worker, plain Faust, Quix Streams, the bare loop."""

import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Producer

from bench.contestants.step import OUTPUTS, Step, Task
from bench.load import PARTITIONS, live_log, model_published
from bench.watching import Digest, Offsets, read, watch
from models.health.components.registry import COMPONENTS
from models.health.state import ContactState
from schemas.catalogue import HEALTH_SIGNALS
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

START = datetime(2026, 1, 5, tzinfo=UTC)
ALL_FACTORS = b'{"version": "all-factors", "components": {%s}}' % b", ".join(
    b'"%s": {}' % name.encode() for name in COMPONENTS
)
"""A model with every component that contacts have, by its default parameters."""
SHORT = "bench.signals-short"
SHORT_SHARE = 10
BEGIN_SHARE = 0.05
TIMEOUT_SECONDS = 600.0
QUIX_PYTHON = ".venv-bench/bin/python"


class Log(NamedTuple):
    """A topic with a log, how many records it has, and what comes of it."""

    topic: str
    events: int
    expected: Digest


class Run(NamedTuple):
    """One contestant, once."""

    events_per_second: float
    cpu_microseconds: float


Start = Callable[[Log, str], tuple[int, str]]


def measure(events: int, rounds: int, say: Callable[[str], None]) -> dict[str, list[Run]]:
    """Runs of each contestant, taken in turn."""
    with KafkaBroker() as broker, KafkaBroker() as other_broker, tempfile.TemporaryDirectory() as folder:
        for each in (broker, other_broker):
            Heartline(each, Path(folder)).create_topics()
            each.create_topics(SHORT, partitions=PARTITIONS)
        full, short = load(broker.bootstrap, events)
        by_all_factors, _ = load(other_broker.bootstrap, events, ALL_FACTORS)
        say(f"{full.events} records, {full.expected.records} outputs, {by_all_factors.expected.records} by all factors")
        bench, other_bench = Throughput(broker, Path(folder)), Throughput(other_broker, Path(folder) / "all-factors")
        contestants: dict[str, tuple[Log, Callable[[Log, str], Run]]] = {
            "Heartline": (full, bench.heartline),
            "Heartline, all factors on": (by_all_factors, other_bench.heartline),
            "plain Faust": (short, bench.faust),
            "Quix Streams": (full, bench.quix),
            "bare loop": (full, bench.bare),
        }
        say("both brokers warm up: a fresh one compiles its code in the first run")
        bench.bare(full, "warm")
        other_bench.bare(by_all_factors, "warm")
        runs: dict[str, list[Run]] = {name: [] for name in contestants}
        for number in range(rounds):
            for name, (log, contestant) in contestants.items():
                run = contestant(log, f"bench{number}")
                runs[name].append(run)
                say(f"{name}: {run.events_per_second:,.0f} events/s, {run.cpu_microseconds:.1f} µs CPU/event")
        return runs


def load(bootstrap: str, events: int, model: bytes | None = None) -> tuple[Log, Log]:
    """Write the log, and its first part into a second topic; fold it, to know what has to come out. With a `model` it
    begins with that.
    """
    producer = Producer(
        {"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": "lz4", "linger.ms": 20}
    )
    fold = Reference()
    short: Log | None = None
    number = 0
    published = [] if model is None else model_published(model, START)
    for number, (partition, key, value) in enumerate(chain(published, live_log(events, START)), 1):
        fold.add(partition, key, value)
        for topic in (HEALTH_SIGNALS, SHORT) if short is None else (HEALTH_SIGNALS,):
            while True:
                try:
                    producer.produce(topic, value, key, partition)
                    break
                except BufferError:
                    producer.poll(0.1)
        if short is None and number >= events // SHORT_SHARE:
            short = Log(SHORT, number, fold.digest())
    producer.flush(60)
    assert short is not None
    return Log(HEALTH_SIGNALS, number, fold.digest()), short


class Reference:
    """What comes out of the log, computed here."""

    def __init__(self) -> None:
        self._step = Step()
        self._rows: dict[bytes, ContactState] = {}
        self._offsets = [0] * PARTITIONS
        self._count = self._checksum = 0

    def add(self, partition: int, key: bytes | None, value: bytes) -> None:
        """Fold the next record."""
        known = None if key is None else self._rows.get(key)
        row, outgoing = self._step(partition, self._offsets[partition], key, value, known)
        self._offsets[partition] += 1
        if key is not None and row is not None:
            self._rows[key] = row
        for out in outgoing:
            self._count += 1
            self._checksum += checksum_of(out.key, out.value)

    def digest(self) -> Digest:
        """Of all outputs so far."""
        return Digest(self._count, self._checksum)


def checksum_of(key: bytes, value: bytes | None) -> int:
    """Of one record."""
    return zlib.crc32(key + b"\n" + (value or b""))


class Throughput:
    """Starts contestants and watches them."""

    def __init__(self, broker: KafkaBroker, folder: Path) -> None:
        self._broker = broker
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self._offsets = Offsets(broker.bootstrap)

    def heartline(self, log: Log, name: str) -> Run:
        """Heartline's scoring worker, transactions on."""
        heartline = Heartline(self._broker, self._folder / name, HEARTLINE_APPLICATION=name)
        heartline.create_topics()
        starts = self._offsets.ends(OUTPUTS, PARTITIONS)
        worker = heartline.start("scoring")
        try:
            return self._watched(worker._process.pid, log, starts)
        except Exception as error:
            raise RuntimeError(f"the scoring worker failed: {error}\n{worker.log[-2000:]}") from error
        finally:
            heartline.stop()

    def faust(self, log: Log, name: str) -> Run:
        """Plain Faust."""
        return self._contestant([sys.executable, "-m", "bench.contestants.plain_faust", "worker"], log, f"faust-{name}")

    def quix(self, log: Log, name: str) -> Run:
        """Quix Streams, exactly once."""
        return self._contestant([QUIX_PYTHON, "-m", "bench.contestants.quix"], log, f"quix-{name}")

    def bare(self, log: Log, name: str) -> Run:
        """The bare loop."""
        return self._contestant([sys.executable, "-m", "bench.contestants.bare"], log, f"bare-{name}")

    def _contestant(self, command: list[str], log: Log, name: str) -> Run:
        told = Task(self._broker.bootstrap, log.topic, name, str(self._folder / name), PARTITIONS)
        topics = [told.prefix + topic for topic in OUTPUTS]
        self._broker.create_topics(*topics, partitions=PARTITIONS)
        starts = self._offsets.ends(topics, PARTITIONS)
        with _process(command, told, self._folder / f"{name}.log") as pid:
            return self._watched(pid, log, starts)

    def _watched(self, pid: int, log: Log, starts: dict[tuple[str, int], int]) -> Run:
        topics = sorted({topic for topic, _ in starts})
        before = sum(starts.values())

        def outputs() -> int:
            return sum(self._offsets.ends(topics, PARTITIONS).values()) - before

        samples = watch(pid, outputs, log.expected.records, TIMEOUT_SECONDS)
        found = read(self._broker.bootstrap, starts, log.expected.records)
        checksum = sum(checksum_of(message.key() or b"", message.value()) for message in found)
        if Digest(len(found), checksum) != log.expected:
            raise AssertionError(f"{len(found)} outputs with another content than the {log.expected.records} expected")
        end = samples[-1]
        begin = next(sample for sample in samples if sample.outputs >= BEGIN_SHARE * end.outputs)
        events = log.events * (end.outputs - begin.outputs) / end.outputs
        return Run(events / (end.at - begin.at), (end.cpu - begin.cpu) / events * 1e6)


@contextmanager
def _process(command: list[str], told: Task, log: Path) -> Iterator[int]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, env={**os.environ, **told.environment()}, stdout=out, stderr=out)
    try:
        yield process.pid
    except Exception as error:
        tail = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} failed: {error}\n{tail}") from error
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        time.sleep(0.2)
