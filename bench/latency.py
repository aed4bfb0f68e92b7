"""From a record in `support.tickets` to its score in `health.scores`, for a reader of committed data.

Tickets are opened at an even rate by a program that sends one and waits for the time of the next; the clock starts when
it hands a ticket to its Kafka client (before the broker has accepted it) and stops when its consumer has the score.
"""

import os
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import msgspec
import psutil
from confluent_kafka import Consumer, Producer, TopicPartition

from bench.load import PARTITIONS
from bench.watching import Offsets
from schemas.base import DEFAULT_TENANT
from schemas.catalogue import HEALTH_SCORES, SUPPORT_TICKETS
from schemas.decoding import encode
from schemas.keys import contact_key
from schemas.tickets import TicketOpened
from tests.support.heartline import Heartline, TestWorker, wait_until
from tests.support.kafka import KafkaBroker

# A broker that runs for days has compiled its code; a fresh one still spends an eighth of a core on that after half a
# minute of this load.
WARM_SECONDS = 60.0
BURST_SECONDS = 0.01
# Tickets are opened and never closed: so many contacts that their rows stay of ordinary size.
CONTACTS = 100_000


class Latencies(NamedTuple):
    """Milliseconds, and from how many scores."""

    p50: float
    p99: float
    scores: int
    rate: float


class Measured(NamedTuple):
    """Latencies, and what each process has cost: microseconds of CPU a ticket."""

    latencies: Latencies
    cpu: dict[str, float]


class _Cause(msgspec.Struct):
    id: str | None = None


class _Score(msgspec.Struct):
    cause: _Cause


_decode = msgspec.json.Decoder(_Score).decode


def measure(rate: float, seconds: float) -> Measured:
    """Latencies and costs at `rate` tickets a second, on a broker and workers of its own."""
    with KafkaBroker() as broker, tempfile.TemporaryDirectory() as folder:
        heartline = Heartline(broker, Path(folder))
        heartline.create_topics()
        try:
            workers = [heartline.start("intake"), heartline.start("scoring")]
            wait_until(lambda: all(ready(worker.port) for worker in workers), 60, "both workers are ready")
            probe = Probe(broker.bootstrap)
            probe.measure(rate, WARM_SECONDS)
            processes = {str(worker.stage): _pid(worker) for worker in workers}
            processes |= {"broker": _pid(broker), "bench": os.getpid()}
            before = {name: _cpu(pid) for name, pid in processes.items()}
            found = probe.measure(rate, seconds)
            cpu = {name: (_cpu(pid) - before[name]) / found.scores * 1e6 for name, pid in processes.items()}
            probe.close()
            return Measured(found, cpu)
        finally:
            heartline.stop()


def _pid(running: KafkaBroker | TestWorker) -> int:
    process = running._process
    assert process is not None
    return process.pid


def _cpu(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system


class Probe:
    """Opens tickets and waits for their scores. Ids are unlike those of other probes with another `name`."""

    def __init__(self, bootstrap: str, name: str = "probe", contacts: int = CONTACTS) -> None:
        self._name = name
        self._contacts = contacts
        self._number = 0
        self._sent: dict[str, float] = {}
        self._came: dict[str, float] = {}
        self._stopped = threading.Event()
        self.sent_until = 0.0
        """When the last ticket was sent (monotonic)."""
        self._producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "acks": "all"})
        ends = Offsets(bootstrap).ends([HEALTH_SCORES], PARTITIONS)
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "bench",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 100,
            }
        )
        self._consumer.assign([TopicPartition(topic, p, end) for (topic, p), end in ends.items()])

    def measure(self, rate: float, seconds: float, until: Callable[[], bool] | None = None) -> Latencies:
        """Send for so long, or until that is so, and wait for all scores."""
        self._sent.clear()
        self._came.clear()
        self._stopped.clear()
        listener = threading.Thread(target=self._listen, daemon=True)
        listener.start()
        began = time.monotonic()
        self.send(rate, seconds, until)
        self.sent_until = time.monotonic()
        took = self.sent_until - began
        wait_until(lambda: self._sent.keys() <= self._came.keys(), 60, "a score for each ticket")
        self._stopped.set()
        listener.join()
        return latencies([self._came[ticket] - at for ticket, at in self._sent.items()], len(self._sent) / took)

    def send(self, rate: float, seconds: float, until: Callable[[], bool] | None = None) -> None:
        """Open tickets at an even rate."""
        for due in _beats(rate, seconds):
            if until is not None and until():
                break
            for _ in range(due):
                self._number += 1
                number = f"{self._name}-{self._number}"
                contact = f"c{self._number * 7919 % self._contacts:06d}"
                now = datetime.now(UTC)
                event = TicketOpened(event_id=number, occurred_at=now, contact=contact, ticket=f"t-{number}")
                self._sent[number] = time.monotonic()
                self._produce(encode(event), contact_key(DEFAULT_TENANT, contact))
            self._producer.poll(0)
        self._producer.flush(30)

    def _produce(self, value: bytes, key: bytes) -> None:
        while True:
            try:
                self._producer.produce(SUPPORT_TICKETS, value, key)
                return
            except BufferError:  # the broker is far behind; the ticket's time runs
                self._producer.poll(0.1)

    def _listen(self) -> None:
        while not self._stopped.is_set():
            first = self._consumer.poll(0.1)
            if first is None:
                continue
            now = time.monotonic()
            for message in (first, *self._consumer.consume(1000, 0)):
                value = message.value()
                cause = None if value is None else _decode(value).cause.id
                if cause is not None:
                    self._came.setdefault(cause, now)

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()


def latencies(seconds: list[float], rate: float) -> Latencies:
    """Percentiles."""
    hundredths = quantiles(seconds, n=100)
    return Latencies(hundredths[49] * 1000, hundredths[98] * 1000, len(seconds), rate)


def _beats(rate: float, seconds: float) -> Iterator[int]:
    """How many are due, every few milliseconds."""
    began = time.monotonic()
    sent = 0
    while (passed := time.monotonic() - began) < seconds:
        due = int(passed * rate) - sent
        sent += due
        yield due
        time.sleep(BURST_SECONDS)


def ready(port: int) -> bool:
    """Whether a worker has its partitions, restored, and reads."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
