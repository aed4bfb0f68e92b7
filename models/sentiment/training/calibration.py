"""Temperature and thresholds, fitted on validation sets only, on the int8 model that is shipped."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.sentiment.evaluation.metrics import f1
from models.sentiment.port import TONES, Tone
from models.sentiment.training.data import GROUPS, LABELS, Comment, Tweet

Floats = NDArray[np.float32]

TEMPERATURES = np.arange(0.6, 2.0, 0.01)
THRESHOLDS = np.arange(0.1, 0.9, 0.01)


def label_shares(tweets: Sequence[Tweet]) -> tuple[float, float, float]:
    """The prior: the share of each label among the training tweets."""
    negative, neutral, positive = np.bincount([tweet.label for tweet in tweets], minlength=len(LABELS)) / len(tweets)
    return round(float(negative), 4), round(float(neutral), 4), round(float(positive), 4)


def temperature(logits: Floats, labels: Sequence[int]) -> float:
    """The temperature under which the labels are likeliest, to the hundredth."""
    truth = np.asarray(labels)

    def loss(candidate: float) -> float:
        scaled = logits / candidate
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log_total = np.log(np.exp(scaled).sum(axis=1))
        return float((log_total - scaled[np.arange(len(truth)), truth]).mean())

    return round(float(min(TEMPERATURES, key=loss)), 2)


def tone_thresholds(logits: Floats, comments: Sequence[Comment], emotion_names: Sequence[str]) -> dict[Tone, float]:
    """Per tone, the probability from which saying it is there gives the best F1. `logits`: (comments, tones)."""
    chances = 1 / (1 + np.exp(-logits))
    chosen: dict[Tone, float] = {}
    for place, tone in enumerate(TONES):
        members = {emotion_names.index(name) for name in GROUPS[tone]}
        truth = np.array([not members.isdisjoint(comment.emotions) for comment in comments])
        figures = [f1(truth, chances[:, place] >= threshold) for threshold in THRESHOLDS]
        chosen[tone] = round(float(THRESHOLDS[int(np.argmax(_smooth(figures)))]), 2)
    return chosen


def _smooth(figures: Sequence[float]) -> NDArray[np.float64]:
    """The mean over five neighbours: the best of a noisy curve is its highest hill, not its highest peak."""
    padded = np.pad(np.asarray(figures), 2, mode="edge")
    return np.convolve(padded, np.ones(5) / 5, mode="valid")
