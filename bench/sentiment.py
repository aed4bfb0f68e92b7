"""What the port costs over the bare network, what a reading process needs, and whether its memory stays flat.

    python -m bench.sentiment [--quick]

Real messages: `messages-airlines.csv` of `HEARTLINE_DATA_DIR`, or of `shared/data` beside the repository. The bare
session is the same ONNX session, run by as many threads, on token ids made beforehand, in the batches that the port
makes of them; port and bare session take turns, so that a busy machine slows both. The port is called from as many
threads as intake calls it from.
"""

import csv
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import cycle, islice
from typing import Annotated, Any, NamedTuple

import numpy as np
import psutil
import typer

from bench.pages import written
from bench.report import Result, at_least, at_most, result, table
from models.sentiment.cleaning import customer_words
from models.sentiment.evaluation.cost import fresh_process
from models.sentiment.language import foreign_language
from models.sentiment.meaning import Calibration, Meaning
from models.sentiment.onnx_model import OnnxScorer
from models.sentiment.port import LABELS, Classifier
from models.sentiment.reader import Floats, Ids, TextClassifier, batches, padded
from models.sentiment.shipped import DIRECTORY, load_shipped, read_config
from models.sentiment.tokens import Encoder, tokenizer_file
from models.sentiment.training.paths import sentiment_data

SESSIONS = 2
CALL = 256
ROUNDS = 7
FLAT = 1.05
"""A leak would show: between the two looks at the memory lie nine tenths of the messages."""


def main(quick: Annotated[bool, typer.Option(help="a tenth of the messages")] = False) -> None:
    """Run all four and print a table; the whole run puts it into the page as well."""
    share = 10 if quick else 1
    results = all_results(messages(), share)
    typer.echo(table(results))
    if not quick:
        written(results, "python -m bench.sentiment")


def all_results(texts: Sequence[str], share: int) -> list[Result]:
    """Every row; a `share`-th of the messages."""
    classifier, stub = load_shipped(SESSIONS), stub_classifier()
    rounds = port_against_bare(classifier, texts[: max(2048, 4096 // share)])
    real, stubbed = 50_000 // share, 1_000_000 // share
    growth = [memory_over(classifier, texts, real), memory_over(stub, texts, stubbed)]
    for each in (classifier, stub):
        each.close()
    starts, peaks = zip(*(fresh_process(texts[: 5_000 // share]) for _ in range(5)), strict=True)
    by_cpu = [bare.cpu / port.cpu for bare, port in rounds]
    return [
        result(f"bare session, {SESSIONS} threads", [bare.per_second for bare, _ in rounds], "messages/s"),
        result("through the port", [port.per_second for _, port in rounds], "messages/s"),
        at_least("port / bare session", [port.per_second / bare.per_second for bare, port in rounds], "x", 0.85),
        result("the same by CPU time, whatever else runs", by_cpu, "x"),
        at_most(f"memory after {real:,} real messages / a tenth", [growth[0]], "x", FLAT),
        at_most(f"memory after {stubbed:,}, stub session / a tenth", [growth[1]], "x", FLAT),
        at_most(f"peak memory, two sessions, no torch, {5_000 // share:,} messages", peaks, "MiB", 200),
        at_most("start to first reading", starts, "s", 2),
    ]


def messages() -> list[str]:
    """The airline messages, as they are."""
    with (sentiment_data().parent / "messages-airlines.csv").open(encoding="utf-8", newline="") as opened:
        return [row["text"] for row in csv.DictReader(opened)]


class Cost(NamedTuple):
    """Of one pass over the messages: messages a second, and seconds of CPU a message."""

    per_second: float
    cpu: float


def port_against_bare(classifier: Classifier, texts: Sequence[str]) -> list[tuple[Cost, Cost]]:
    """What the bare session and the port cost, round by round."""
    score = OnnxScorer(DIRECTORY / read_config().model)
    made = list(bare_batches(tokenizer_file(DIRECTORY / "tokenizer.json"), texts))
    calls = [texts[start : start + CALL] for start in range(0, len(texts), CALL)]
    with ThreadPoolExecutor(SESSIONS) as threads:
        return [
            (
                cost(threads, lambda batch: score(*batch), made, sum(len(ids) for ids, _ in made)),
                cost(threads, classifier.classify, calls, len(texts)),
            )
            for _ in range(ROUNDS)
        ]


def cost(threads: Executor, work: Callable[[Any], object], pieces: Sequence[Any], count: int) -> Cost:
    """Of `work` on all pieces, which hold `count` messages."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in threads.map(work, pieces):
        continue
    return Cost(count / (time.perf_counter() - wall), (time.process_time() - cpu) / count)


def bare_batches(encode: Encoder, texts: Sequence[str]) -> Iterator[tuple[Ids, Ids]]:
    """The batches that the port would make, ready for the network."""
    words = [text for text in map(customer_words, texts) if text and not foreign_language(text)]
    size = CALL // SESSIONS
    for start in range(0, len(words), min(size, 64)):
        rows = encode(words[start : start + min(size, 64)])
        for places in batches([len(row) for row in rows]):
            yield padded([rows[place] for place in places], 0)


def memory_over(classifier: Classifier, texts: Sequence[str], count: int) -> float:
    """Memory in use after `count` messages, as a multiple of what it was after a tenth of them."""
    process = psutil.Process()
    endless, after = cycle(texts), []
    for target in (count // 10, count - count // 10):
        done = 0
        while done < target:
            batch = list(islice(endless, min(CALL, target - done)))
            classifier.classify(batch)
            done += len(batch)
        after.append(process.memory_info().rss)
    return after[1] / after[0]


def stub_classifier() -> TextClassifier:
    """Everything but the network: cleaning, language, tokenizer, batches, pooling."""

    def score(ids: Ids, mask: Ids) -> Floats:
        return np.zeros((len(ids), len(LABELS)), np.float32)

    encode = tokenizer_file(DIRECTORY / "tokenizer.json")
    return TextClassifier("stub", "1", encode, score, Meaning(LABELS, Calibration(), 0.0), SESSIONS)


if __name__ == "__main__":
    typer.run(main)
