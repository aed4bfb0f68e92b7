"""Messages through a real intake worker over Apache Kafka, against the bare network on the same texts.

    python -m bench.intake [--messages 8192] [--rounds 5]

Both take turns, so that a busy machine slows both. A round of intake lasts from the first message sent to the last of
its entries that a reader of committed data sees.
"""

import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psutil
import typer

from bench.pages import written
from bench.report import at_least, result, table
from bench.sentiment import SESSIONS, Cost, bare_batches, cost, messages
from models.sentiment.onnx_model import OnnxScorer
from models.sentiment.shipped import DIRECTORY, read_config
from models.sentiment.tokens import tokenizer_file
from schemas.catalogue import HEALTH_SIGNALS
from schemas.messages import MessageCreated
from stream.reading import TopicReader
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

MESSAGES, ROUNDS = 8192, 5
# A broker that runs for days has compiled its code; a fresh one spends half a core on that for the first seconds.
WARM_UP = 8192
WAIT_SECONDS = 0.02
QUIET_SECONDS = 60.0
"""Nothing new in the log for so long is an error."""


def main(
    count: Annotated[int, typer.Option("--messages", help="messages a round")] = MESSAGES,
    rounds: Annotated[int, typer.Option(help="rounds, bare and intake by turns")] = ROUNDS,
) -> None:
    """Print messages a second of both and their ratio; a run of the usual size puts it into the page as well."""
    texts = messages()[:count]
    score = OnnxScorer(DIRECTORY / read_config().model)
    made = list(bare_batches(tokenizer_file(DIRECTORY / "tokenizer.json"), texts))
    rows = sum(len(ids) for ids, _ in made)
    with (
        KafkaBroker() as broker,
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(SESSIONS) as threads,
        closing(Intake(broker, Path(folder))) as intake,
    ):
        intake.take(texts[:WARM_UP])
        runs = [(cost(threads, lambda batch: score(*batch), made, rows), intake.take(texts)) for _ in range(rounds)]
    results = [
        result(f"bare session, {SESSIONS} threads", [bare.per_second for bare, _ in runs], "messages/s"),
        result("through intake and Kafka", [whole.per_second for _, whole in runs], "messages/s"),
        at_least("intake / bare session", [whole.per_second / bare.per_second for bare, whole in runs], "x", 0.8),
        result("the same by CPU time of the worker, whatever else runs", [b.cpu / w.cpu for b, w in runs], "x"),
    ]
    typer.echo(table(results))
    if (count, rounds) == (MESSAGES, ROUNDS):
        written(results, "python -m bench.intake")


class Intake:
    """An intake worker on a broker, and a reader of the log."""

    def __init__(self, broker: KafkaBroker, folder: Path) -> None:
        self._heartline = Heartline(
            broker, folder, HEARTLINE_CLASSIFIER="default", HEARTLINE_CLASSIFIER_SESSIONS=str(SESSIONS)
        )
        self._heartline.create_topics()
        self._worker = psutil.Process(self._heartline.start("intake").pid)
        self._sent = 0
        self._read = 0
        self._reader = TopicReader(self._heartline.settings, [HEALTH_SIGNALS])
        self._log = self._reader.onwards(from_beginning=True, wait_seconds=WAIT_SECONDS)

    def take(self, texts: Sequence[str]) -> Cost:
        """Send texts as messages and wait until all are in the log. Raises TimeoutError when none comes any more."""
        wall, cpu = time.perf_counter(), self._cpu()
        self._heartline.send(self._message(text) for text in texts)
        quiet = 0
        for message in self._log:
            quiet = quiet + 1 if message is None else 0
            self._read += message is not None and message.key() is not None
            if self._read == self._sent:
                return Cost(len(texts) / (time.perf_counter() - wall), (self._cpu() - cpu) / len(texts))
            if quiet * WAIT_SECONDS > QUIET_SECONDS:
                raise TimeoutError(f"{self._sent} messages were sent, {self._read} are in the log")
        raise AssertionError("it reads for ever")

    def _cpu(self) -> float:
        times = self._worker.cpu_times()
        return times.user + times.system

    def _message(self, text: str) -> MessageCreated:
        self._sent += 1
        return MessageCreated(
            event_id=f"e{self._sent}",
            occurred_at=datetime.now(UTC),
            contact=f"c{self._sent % 500}",
            message=f"m{self._sent}",
            author="customer",
            text=text,
        )

    def close(self) -> None:
        """Stop the worker."""
        with closing(self._reader):
            self._heartline.stop()


if __name__ == "__main__":
    typer.run(main)
