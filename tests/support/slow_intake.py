"""`python -m tests.support.slow_intake worker intake`: with a classifier that fails, then is slow, or hangs."""

import math
import os
import sys
import threading
import time
from collections.abc import Sequence

import stream.app
from models.sentiment.port import Classifier, Reading
from stream.commands import main
from stream.settings import Settings


class SlowClassifier:
    """Finds everything neutral, after SLOW_FAILURES errors, in SLOW_SECONDS a text (inf: never)."""

    name, version = "slow", "1"

    def __init__(self) -> None:
        self._failures = int(os.environ["SLOW_FAILURES"])
        self._seconds = float(os.environ["SLOW_SECONDS"])

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        """One reading per text."""
        if self._failures:
            self._failures -= 1
            raise RuntimeError("the model is not there yet")
        if math.isinf(self._seconds):
            threading.Event().wait()
        time.sleep(self._seconds * len(texts))
        return [Reading(label="neutral", confidence=1.0) for _ in texts]

    def close(self) -> None:
        """Tell that it was asked to."""
        print("the classifier is closed", file=sys.stderr, flush=True)


def slow(_settings: Settings) -> Classifier:
    """In place of the classifier that the settings name."""
    return SlowClassifier()


if __name__ == "__main__":
    stream.app.open_classifier = slow
    main()
