"""What the port costs over the bare network, what a reading process needs, and whether its memory stays flat.

    python -m bench.sentiment [--quick]

Real messages: `messages-airlines.csv` of `HEARTLINE_DATA_DIR`, or of `shared/data` beside the repository. The bare
session is the same ONNX session, run by as many threads, on token ids made beforehand, in the batches that the port
makes of them; port and bare session take turns, so that a busy machine slows both. The port is called from as many
threads as intake calls it from.
"""

import csv
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from typing import Annotated

import numpy as np
import psutil
import typer

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


def main(quick: Annotated[bool, typer.Option(help="a tenth of the messages")] = False) -> None:
    """Run all four and print a table."""
    share = 10 if quick else 1
    texts = messages()
    classifier = load_shipped(SESSIONS)
    bare, port, ratio = port_against_bare(classifier, texts[: 4096 // share])
    print("| what | figure | wanted |\n|---|---|---|")
    print(f"| bare session, messages/s, {SESSIONS} threads | {bare:.0f} | |")
    print(f"| through the port, messages/s | {port:.0f} | |")
    print(f"| port / bare, median of {ROUNDS} rounds | {ratio:.2f} | ≥ 0.85 |")
    first, last = memory_over(classifier, texts, 50_000 // share)
    classifier.close()
    print(f"| MiB after {5_000 // share:,} and {50_000 // share:,} real messages | {first:.0f}, {last:.0f} | flat |")
    stub = stub_classifier()
    first, last = memory_over(stub, texts, 1_000_000 // share)
    stub.close()
    many = f"{100_000 // share:,} and {1_000_000 // share:,}"
    print(f"| MiB after {many} messages, stub session | {first:.0f}, {last:.0f} | flat |")
    fresh = [fresh_process(texts[: 5_000 // share]) for _ in range(5)]
    start, peak = (statistics.median(each) for each in zip(*fresh, strict=True))
    print(f"| start to first reading, s, median of 5 | {start:.2f} | ≤ 2 |")
    print(f"| peak memory over {5_000 // share:,} messages, MiB, median of 5 | {peak:.0f} | ≤ 200 |")


def messages() -> list[str]:
    """The airline messages, as they are."""
    with (sentiment_data().parent / "messages-airlines.csv").open(encoding="utf-8", newline="") as opened:
        return [row["text"] for row in csv.DictReader(opened)]


def port_against_bare(classifier: Classifier, texts: Sequence[str]) -> tuple[float, float, float]:
    """Messages a second of the bare session and of the port, and the median of their ratios round by round."""
    score = OnnxScorer(DIRECTORY / read_config().model)
    made = list(bare_batches(tokenizer_file(DIRECTORY / "tokenizer.json"), texts))
    count = sum(len(ids) for ids, _ in made)
    calls = [texts[start : start + CALL] for start in range(0, len(texts), CALL)]
    with ThreadPoolExecutor(SESSIONS) as threads:

        def run_bare() -> None:
            for _ in threads.map(lambda batch: score(*batch), made):
                pass

        def run_port() -> None:
            for _ in threads.map(classifier.classify, calls):
                pass

        rates = [(count / seconds(run_bare), len(texts) / seconds(run_port)) for _ in range(ROUNDS)]
    bare, port = (statistics.median(each) for each in zip(*rates, strict=True))
    return bare, port, statistics.median(mine / theirs for theirs, mine in rates)


def bare_batches(encode: Encoder, texts: Sequence[str]) -> Iterator[tuple[Ids, Ids]]:
    """The batches that the port would make, ready for the network."""
    words = [text for text in map(customer_words, texts) if text and not foreign_language(text)]
    size = CALL // SESSIONS
    for start in range(0, len(words), min(size, 64)):
        rows = encode(words[start : start + min(size, 64)])
        for places in batches([len(row) for row in rows]):
            yield padded([rows[place] for place in places], 0)


def memory_over(classifier: Classifier, texts: Sequence[str], count: int) -> tuple[float, float]:
    """MiB in use after a tenth of `count` messages and after all."""
    process = psutil.Process()
    endless, after = cycle(texts), []
    for target in (count // 10, count - count // 10):
        done = 0
        while done < target:
            batch = list(islice(endless, min(CALL, target - done)))
            classifier.classify(batch)
            done += len(batch)
        after.append(process.memory_info().rss / 2**20)
    return after[0], after[1]


def stub_classifier() -> TextClassifier:
    """Everything but the network: cleaning, language, tokenizer, batches, pooling."""

    def score(ids: Ids, mask: Ids) -> Floats:
        return np.zeros((len(ids), len(LABELS)), np.float32)

    encode = tokenizer_file(DIRECTORY / "tokenizer.json")
    return TextClassifier("stub", "1", encode, score, Meaning(LABELS, Calibration(), 0.0), SESSIONS)


def seconds(work: Callable[[], None]) -> float:
    """Wall time of `work`."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    typer.run(main)
