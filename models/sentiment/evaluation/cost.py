"""What reading costs: messages a second on one core, and the memory of a process that only reads."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from models.sentiment.port import Classifier

LONG_SENTENCES = 12
MEASURED = """
import sys, time
started = time.perf_counter()
from models.sentiment.loading import Options, load_classifier
classifier = load_classifier("default", Options(sessions=2))
classifier.classify(["It works again, thank you."])
seconds = time.perf_counter() - started
classifier.classify(sys.stdin.read().splitlines())
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(seconds, int(status["VmHWM"].split()[0]) / 1024, "torch" in sys.modules)
"""


class Cost(msgspec.Struct, frozen=True):
    """Of the shipped model. `megabytes` is what is installed, `peak_mib` the process at its largest, two sessions."""

    short_per_second: float
    long_per_second: float
    megabytes: float
    peak_mib: float
    start_seconds: float


def cost(classifier: Classifier, texts: Sequence[str], directory: Path) -> Cost:
    """Measure; `classifier` must run one session, so that the rates are per core."""
    sentences = [" ".join(texts[start : start + LONG_SENTENCES]) for start in range(0, len(texts), LONG_SENTENCES)]
    start_seconds, peak_mib = fresh_process(texts)
    return Cost(
        short_per_second=_rate(classifier, texts),
        long_per_second=_rate(classifier, sentences),
        megabytes=round(sum(file.stat().st_size for file in directory.iterdir()) / 1e6, 1),
        peak_mib=peak_mib,
        start_seconds=start_seconds,
    )


def _rate(classifier: Classifier, texts: Sequence[str]) -> float:
    classifier.classify(texts[:32])
    started = time.perf_counter()
    classifier.classify(texts)
    return round(len(texts) / (time.perf_counter() - started))


def fresh_process(texts: Sequence[str]) -> tuple[float, float]:
    """Seconds from the first import to the first reading, and the most memory in MiB, of a process of its own.

    Linux only: the peak is `VmHWM`, because `ru_maxrss` would count the process that started this one too.
    Raises RuntimeError if that process imported torch.
    """
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], input="\n".join(texts), capture_output=True, text=True, check=True
    )
    seconds, peak, torch = done.stdout.split()
    if torch == "True":
        raise RuntimeError("the shipped model imported torch, which serving must not need")
    return round(float(seconds), 2), round(float(peak))
