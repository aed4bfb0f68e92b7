"""A scoring worker with a million contacts: restore, memory, the sweep of a tick, and live scores beside it."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
from confluent_kafka import Producer

from bench.contestants.step import OUTPUTS, Task
from bench.latency import Probe, ready
from bench.load import PARTITIONS
from bench.population import Population
from schemas.catalogue import HEALTH_SIGNALS
from schemas.decoding import encode
from schemas.signals import Signal, Tick
from stream.dataplane.store import Stores
from stream.table import CONTROL_KEY
from tests.support.heartline import Heartline, TestWorker, wait_until
from tests.support.kafka import KafkaBroker

ROWS_AT_ONCE = 10_000
LIVE_RATE = 300.0
TIMEOUT_SECONDS = 900.0


class Swept(NamedTuple):
    """One round: records a second, MiB at most, seconds, seconds, milliseconds."""

    restored_per_second: float
    peak_memory: float
    sweep_seconds: float
    bare_seconds: float
    changed: int
    live_p50: float
    live_p99: float


def measure(people: Population, contacts: int) -> Swept:
    """One round on a broker, a worker and a store of its own."""
    with tempfile.TemporaryDirectory() as folder, KafkaBroker() as broker:
        bare_seconds, changed = bare(broker, people, contacts, Path(folder))
        heartline = Heartline(broker, Path(folder) / "heartline")
        heartline.create_topics()
        fill_changelog(heartline, people, contacts)
        try:
            scoring = heartline.start("scoring")
            wait_until(lambda: ready(scoring.port), TIMEOUT_SECONDS, "the worker has restored its state")
            intake = heartline.start("intake")
            wait_until(lambda: ready(intake.port), 60, "intake is ready")
            sweep = Sweep(broker, scoring, people, contacts)
            seconds, p50, p99 = sweep.run()
            peak = peak_memory(scoring._process.pid)
        finally:
            heartline.stop()
        return Swept(restore_rate(scoring), peak, seconds, bare_seconds, changed, p50, p99)


def fill_changelog(heartline: Heartline, people: Population, contacts: int) -> None:
    """Write the rows as a scoring worker has left them."""
    changelog = f"{heartline.settings.group('scoring')}-contacts-changelog"
    producer = Producer(
        {
            "bootstrap.servers": heartline.broker.bootstrap,
            "enable.idempotence": True,
            "compression.type": "lz4",
            "linger.ms": 20,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    for partition in range(PARTITIONS):
        producer.produce(changelog, people.control(), CONTROL_KEY, partition)
    for batch in _batches(people, contacts):
        for partition, rows in batch.items():
            producer.produce_batch(changelog, [{"key": key, "value": row} for key, row in rows], partition=partition)
        while len(producer) > 5 * ROWS_AT_ONCE:
            producer.poll(0.05)
    producer.flush(120)


def _batches(people: Population, contacts: int) -> Iterator[dict[int, list[tuple[bytes, bytes]]]]:
    rows = people.rows(contacts)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        batch: dict[int, list[tuple[bytes, bytes]]] = {p: [] for p in range(PARTITIONS)}
        for partition, key, row in some:
            batch[partition].append((key, row))
        yield batch


class Sweep:
    """A tick over all rows of a worker, with tickets coming in beside it."""

    def __init__(self, broker: KafkaBroker, scoring: TestWorker, people: Population, contacts: int) -> None:
        self._broker = broker
        self._scoring = scoring
        self._people = people
        self._probe = Probe(broker.bootstrap, contacts=contacts)

    def run(self) -> tuple[float, float, float]:
        """Seconds of the sweep, p50 and p99 (ms) of the scores meanwhile."""
        self._probe.measure(LIVE_RATE, 3.0)
        self._tick()
        began = time.monotonic()
        live = self._probe.measure(LIVE_RATE, TIMEOUT_SECONDS, until=lambda: self._swept() == PARTITIONS)
        self._probe.close()
        return self._probe.sent_until - began, live.p50, live.p99

    def _tick(self) -> None:
        producer = Producer({"bootstrap.servers": self._broker.bootstrap})
        value = encode(Signal(at=self._people.at, fact=Tick(day=self._people.day)))
        for partition in range(PARTITIONS):
            producer.produce(HEALTH_SIGNALS, value, partition=partition)
        producer.flush(30)

    def _swept(self) -> int:
        return self._scoring.log.count("recompute done")


def peak_memory(pid: int) -> float:
    """The most memory (resident, MiB) that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def restore_rate(worker: TestWorker) -> float:
    """Records a second of the restore, as the worker logs it."""
    for line in worker.log.splitlines():
        if "restore.done" in line:
            entry = msgspec.json.decode(line[line.index("{") :])
            return float(entry["records"] / entry["seconds"])
    raise AssertionError("the worker has logged no restore")


def bare(broker: KafkaBroker, people: Population, contacts: int, folder: Path) -> tuple[float, int]:
    """Seconds of the bare loop over the same rows, and how many of them changed."""
    told = Task(broker.bootstrap, "", "sweep", str(folder / "bare"), PARTITIONS)
    broker.create_topics(*(told.prefix + topic for topic in OUTPUTS), partitions=PARTITIONS)
    stores = Stores(Path(told.folder), 32 << 20, 8 << 20)
    for batch in _batches(people, contacts):
        for partition, rows in batch.items():
            stores.open(partition).write(rows, None, logged=False)
    stores.keep(set())
    command = [sys.executable, "-m", "bench.contestants.bare_sweep", people.day.isoformat(), str(people.at)]
    done = subprocess.run(
        command, env={**os.environ, **told.environment()}, capture_output=True, text=True, check=True, timeout=600
    )
    seconds, changed = done.stdout.split()
    return float(seconds), int(changed)
