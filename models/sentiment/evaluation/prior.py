"""What taking the prior back does: to text like the training set's, and to text that is mostly complaints."""

import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.sentiment.evaluation.metrics import Sentiment, sentiment
from models.sentiment.port import LABELS, Classifier
from models.sentiment.shipped import load_shipped, read_config
from models.sentiment.training.data import Tweet

TAUS = (0.0, 0.25, 0.5, 1.0)
COMPLAINTS = {"negative": 0.60, "neutral": 0.25, "positive": 0.15}
"""A mix as support mail has it; the test set has 32, 48 and 19 %, the training set 16, 45 and 40 %."""


class Row(msgspec.Struct, frozen=True):
    """The figures of one `prior_tau`, on the test set as it is and on a draw of it that is mostly complaints."""

    tau: float
    whole: Sentiment
    complaints: Sentiment


def prior_table(tweets: Sequence[Tweet], directory: Path) -> str:
    """Markdown: one row per `TAUS`, for the model in `directory`."""
    default = read_config(directory).calibration.prior_tau
    lines = [
        "| `prior_tau` | macro recall | accuracy | ECE | accuracy, 60 % negative | ECE, 60 % negative |",
        "|---|---|---|---|---|---|",
    ]
    for row in prior_rows(tweets, directory):
        name = f"{row.tau} (default)" if row.tau == default else f"{row.tau}"
        lines.append(
            f"| {name} | {row.whole.macro_recall} | {row.whole.accuracy} | "
            f"{row.whole.calibration_error:.3f} | {row.complaints.accuracy} | {row.complaints.calibration_error:.3f} |"
        )
    return "\n".join(lines)


def prior_rows(tweets: Sequence[Tweet], directory: Path) -> list[Row]:
    """Read the tweets once with `prior_tau` 0 and weigh the probabilities anew for each of `TAUS`."""
    classifier = load_shipped(os.cpu_count() or 1, prior_tau=0.0, directory=directory)
    shares, read = probabilities(classifier, tweets)
    classifier.close()
    labels = np.array([tweets[place].label for place in read])
    prior = np.array(read_config(directory).calibration.prior)
    drawn = complaints(labels)
    return [
        Row(tau, measured(shares * prior**-tau, labels), measured((shares * prior**-tau)[drawn], labels[drawn]))
        for tau in TAUS
    ]


def probabilities(classifier: Classifier, tweets: Sequence[Tweet]) -> tuple[NDArray[np.float64], list[int]]:
    """(texts, 3) of the texts that could be read, and their places."""
    readings = classifier.classify([tweet.text for tweet in tweets])
    read = [place for place, reading in enumerate(readings) if reading.probabilities is not None]
    found = [readings[place].probabilities for place in read]
    return np.array([[getattr(shares, label) for label in LABELS] for shares in found]), read


def measured(weighed: NDArray[np.float64], labels: NDArray[np.int64]) -> Sentiment:
    """The figures of rows that need not sum to 1."""
    normal = weighed / weighed.sum(axis=1, keepdims=True)
    return sentiment(labels.tolist(), normal.argmax(axis=1).tolist(), normal.max(axis=1).tolist())


def complaints(labels: NDArray[np.int64]) -> list[int]:
    """Places of as many rows as there are in the shares of `COMPLAINTS`, drawn without replacement, seeded."""
    places = [np.flatnonzero(labels == label).tolist() for label in range(len(LABELS))]
    shares = [COMPLAINTS[label] for label in LABELS]
    total = min(len(each) / share for each, share in zip(places, shares, strict=True))
    random = Random(0)
    return [
        place for each, share in zip(places, shares, strict=True) for place in random.sample(each, int(total * share))
    ]
