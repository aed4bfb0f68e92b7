"""The figures of the table. Labels are indices into `LABELS`; -1 is a text that was given no label."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.sentiment.port import LABELS

BINS = 15


class Sentiment(msgspec.Struct, frozen=True):
    """Quality on three labels, in percent but for the calibration error (0..1). Macro recall is TweetEval's figure."""

    texts: int
    macro_recall: float
    macro_f1: float
    accuracy: float
    recall: dict[str, float]
    calibration_error: float
    unlabelled: int
    """Texts that were given no label (another language, nothing to read); each counts as wrong."""


def sentiment(gold: Sequence[int], found: Sequence[int], confidence: Sequence[float]) -> Sentiment:
    """Compare what was `found` with the `gold` labels."""
    truth, guess = np.asarray(gold), np.asarray(found)
    recalls, f1s = [], []
    for label in range(len(LABELS)):
        right = int(((truth == label) & (guess == label)).sum())
        recalls.append(right / max(1, int((truth == label).sum())))
        f1s.append(f1(truth == label, guess == label))
    return Sentiment(
        texts=len(truth),
        macro_recall=_percent(float(np.mean(recalls))),
        macro_f1=_percent(float(np.mean(f1s))),
        accuracy=_percent(float((truth == guess).mean())),
        recall={name: _percent(recall) for name, recall in zip(LABELS, recalls, strict=True)},
        calibration_error=round(calibration_error(truth == guess, np.asarray(confidence)), 4),
        unlabelled=int((guess < 0).sum()),
    )


def f1(truth: NDArray[np.bool_], guess: NDArray[np.bool_]) -> float:
    """Harmonic mean of precision and recall; 0 when nothing was rightly found."""
    right = int((truth & guess).sum())
    return 2 * right / max(1, int(truth.sum()) + int(guess.sum()))


def calibration_error(right: NDArray[np.bool_], confidence: NDArray[np.float64]) -> float:
    """Expected calibration error: |confidence - accuracy| averaged over `BINS` equal bins of confidence."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    error = 0.0
    for place in range(BINS):
        inside = places == place
        if inside.any():
            error += abs(float(right[inside].mean()) - float(confidence[inside].mean())) * float(inside.mean())
    return error


def _percent(share: float) -> float:
    return round(100 * share, 1)
