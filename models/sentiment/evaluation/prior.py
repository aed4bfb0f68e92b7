"""What taking the prior back does: to text like the training set's, and to text that is mostly complaints."""

from pathlib import Path
from random import Random

import msgspec

from models.sentiment.evaluation.quality import compare
from models.sentiment.port import LABELS
from models.sentiment.shipped import ShippedConfig, load_shipped
from models.sentiment.training.data import Corpus, Tweet

TAUS = (0.0, 0.25, 0.5, 1.0)
COMPLAINTS = {"negative": 0.60, "neutral": 0.25, "positive": 0.15}
"""A mix as support mail has it; the test set has 32, 48 and 19 %, the training set 16, 45 and 40 %."""


class Row(msgspec.Struct, frozen=True):
    """Accuracy and calibration error of one `prior_tau`, on the test set as it is and as complaints."""

    tau: float
    macro_recall: float
    accuracy: float
    calibration_error: float
    complaints_accuracy: float
    complaints_calibration_error: float


def prior_table(config: ShippedConfig, corpus: Corpus, directory: Path) -> str:
    """Markdown: one row per `TAUS`."""
    rows = [prior_row(tau, corpus.tweets_test, directory) for tau in TAUS]
    lines = [
        "| `prior_tau` | macro recall | accuracy | ECE | accuracy, 60 % negative | ECE, 60 % negative |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        chosen = " (default)" if row.tau == config.calibration.prior_tau else ""
        lines.append(
            f"| {row.tau}{chosen} | {row.macro_recall} | {row.accuracy} | {row.calibration_error:.3f} | "
            f"{row.complaints_accuracy} | {row.complaints_calibration_error:.3f} |"
        )
    return "\n".join(lines)


def prior_row(tau: float, tweets: list[Tweet], directory: Path) -> Row:
    """The figures of one `prior_tau`."""
    classifier = load_shipped(sessions=1, prior_tau=tau, directory=directory)
    readings = classifier.classify([tweet.text for tweet in tweets])
    classifier.close()
    whole = compare(tweets, readings)
    places = complaints(tweets)
    mixed = compare([tweets[place] for place in places], [readings[place] for place in places])
    return Row(
        tau, whole.macro_recall, whole.accuracy, whole.calibration_error, mixed.accuracy, mixed.calibration_error
    )


def complaints(tweets: list[Tweet]) -> list[int]:
    """Places of as many of the tweets as have the shares of `COMPLAINTS`, drawn without replacement, seeded."""
    by_label = [[place for place, tweet in enumerate(tweets) if tweet.label == label] for label in range(len(LABELS))]
    shares = [COMPLAINTS[label] for label in LABELS]
    total = min(len(places) / share for places, share in zip(by_label, shares, strict=True))
    random = Random(0)
    return [
        place
        for places, share in zip(by_label, shares, strict=True)
        for place in random.sample(places, int(total * share))
    ]
