"""Messages through a real intake worker over Apache Kafka, against the bare network on the same texts.

    python -m bench.intake [--messages 4096] [--rounds 5]

Both take turns, so that a busy machine slows both. A round of intake lasts from the first message sent to the last of
its entries that a reader of committed data sees.
"""

import statistics
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bench.sentiment import SESSIONS, bare_batches, messages, seconds
from models.sentiment.onnx_model import OnnxScorer
from models.sentiment.shipped import DIRECTORY, read_config
from models.sentiment.tokens import tokenizer_file
from schemas.catalogue import HEALTH_SIGNALS
from schemas.messages import MessageCreated
from stream.reading import TopicReader
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

WARM_UP = 256


def main(
    count: Annotated[int, typer.Option("--messages", help="messages a round")] = 4096,
    rounds: Annotated[int, typer.Option(help="rounds, bare and intake by turns")] = 5,
) -> None:
    """Print messages a second of both, and the median of their ratios."""
    texts = messages()[:count]
    score = OnnxScorer(DIRECTORY / read_config().model)
    made = list(bare_batches(tokenizer_file(DIRECTORY / "tokenizer.json"), texts))
    rows = sum(len(ids) for ids, _ in made)
    with KafkaBroker() as broker, tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(SESSIONS) as threads:
        intake = Intake(broker, Path(folder))

        def run_bare() -> None:
            for _ in threads.map(lambda batch: score(*batch), made):
                continue

        intake.take(texts[:WARM_UP])
        rates = [(rows / seconds(run_bare), len(texts) / seconds(lambda: intake.take(texts))) for _ in range(rounds)]
        intake.stop()
    bare, whole = (statistics.median(each) for each in zip(*rates, strict=True))
    ratio = statistics.median(mine / theirs for theirs, mine in rates)
    print("| what | figure | wanted |\n|---|---|---|")
    print(f"| bare session, messages/s, {SESSIONS} threads | {bare:.0f} | |")
    print(f"| intake end to end over Kafka, messages/s | {whole:.0f} | |")
    print(f"| intake / bare, median of {rounds} rounds | {ratio:.2f} | ≥ 0.8 |")


class Intake:
    """An intake worker on a broker, and a reader of the log."""

    def __init__(self, broker: KafkaBroker, folder: Path) -> None:
        self._heartline = Heartline(
            broker, folder, HEARTLINE_CLASSIFIER="default", HEARTLINE_CLASSIFIER_SESSIONS=str(SESSIONS)
        )
        self._heartline.create_topics()
        self._heartline.start("intake")
        self._sent = 0
        self._read = 0
        self._reader = TopicReader(self._heartline.settings, [HEALTH_SIGNALS])
        self._log = self._reader.onwards(from_beginning=True, wait_seconds=0.02)

    def take(self, texts: Sequence[str]) -> None:
        """Send texts as messages and wait until all are in the log."""
        self._heartline.send(self._message(text) for text in texts)
        for message in self._log:
            self._read += message is not None and message.key() is not None
            if self._read == self._sent:
                return

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

    def stop(self) -> None:
        """Stop the worker."""
        with closing(self._reader):
            self._heartline.stop()


if __name__ == "__main__":
    typer.run(main)
