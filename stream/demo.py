"""Everything on one machine: an embedded broker, a simulated helpdesk, and a process for each stage."""

import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from errno import EADDRINUSE
from itertools import islice
from pathlib import Path
from random import randrange
from socket import create_server
from types import TracebackType
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from schemas.base import Event
from schemas.catalogue import HEALTH_SIGNALS
from stream.embedded import EmbeddedBroker
from stream.errors import AgentFailed
from stream.reading import TopicReader
from stream.settings import Settings, Stage
from stream.simulate import simulate
from stream.topics import all_topics

STAGES: Final[tuple[Stage, ...]] = ("intake", "scoring", "accounts", "portfolios")
STOP_SECONDS: Final = 15.0
LOG_TAIL_LINES: Final = 20
DAYS_OF_HISTORY: Final = 45
EVENTS_PER_CONTACT: Final = 20


def helpdesk(seed: int, events: int) -> Iterator[Event]:
    """The last six weeks of a helpdesk, up to now: about so many events of as many contacts as make them busy."""
    start = datetime.now(UTC) - timedelta(days=DAYS_OF_HISTORY)
    contacts = max(20, events // EVENTS_PER_CONTACT)
    told = simulate(seed=seed, contacts=contacts, start=start, days=DAYS_OF_HISTORY, events=events, decisions=False)
    return islice(told, events)


class Worker:
    """A worker process, with its log in a file and its metrics on a port of its own."""

    def __init__(
        self, stage: Stage, folder: Path, environment: dict[str, str], program: Sequence[str] = ("-m", "stream")
    ) -> None:
        self.stage = stage
        self.port = free_port()
        self._log = folder / f"{stage}.log"
        self.data_directory = folder / stage
        own = {"HEARTLINE_DATA_DIRECTORY": str(self.data_directory), "HEARTLINE_HTTP_PORT": str(self.port)}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *program, "worker", stage],
                env={**os.environ, **environment, **own},
                stdout=log,
                stderr=log,
            )

    def check(self) -> None:
        """Raise `AgentFailed` with the end of its log if the process has ended."""
        if self._process.poll() is not None:
            tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
            raise AgentFailed(f"the {self.stage} worker ended with code {self._process.returncode}:\n{tail}")

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels; 0 while the worker does not answer yet."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return 0.0
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def stop(self) -> None:
        """End the process; kill it if it does not end in time."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Demo:
    """A running Heartline. Leave the context to end it."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> "Demo":
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="heartline-demo-")))
        self.broker = EmbeddedBroker(topic.name for topic in all_topics(Settings()))
        self.settings = Settings(bootstrap_servers=self.broker.bootstrap, delivery="plain")
        environment = {
            "HEARTLINE_BOOTSTRAP_SERVERS": self.broker.bootstrap,
            "HEARTLINE_DELIVERY": "plain",
            "HEARTLINE_HTTP_HOST": "127.0.0.1",
        }
        self.workers = {stage: Worker(stage, folder, environment) for stage in STAGES}
        for worker in self.workers.values():
            self._stack.callback(worker.stop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    def check(self) -> None:
        """Raise if a worker has ended."""
        for worker in self.workers.values():
            worker.check()

    def settled(self, sent: int) -> bool:
        """Whether intake has taken in all that was sent, and scoring all that intake has logged."""
        taken = self.workers["intake"].metric("heartline_events_total")
        scoring = self.workers["scoring"]
        folded = scoring.metric("heartline_events_total") + scoring.metric("heartline_duplicates_total")
        with closing(TopicReader(self.settings, [HEALTH_SIGNALS])) as log:
            return taken >= sent and folded >= log.count() > 0


def free_port() -> int:
    """A port of the loopback interface that nobody listens on.

    It lies below those that the system gives to connections, so that none of them takes it before its server does.
    """
    while True:
        port = randrange(20_000, 32_768)
        try:
            create_server(("127.0.0.1", port)).close()
        except OSError as error:
            if error.errno != EADDRINUSE:
                raise
        else:
            return port
