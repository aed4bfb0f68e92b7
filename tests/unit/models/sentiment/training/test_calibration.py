import numpy as np
import pytest

from models.sentiment.training.calibration import label_shares, temperature, tone_thresholds
from models.sentiment.training.data import Comment, Tweet

EMOTIONS = [
    "anger",
    "annoyance",
    "disapproval",
    "disgust",
    "sadness",
    "disappointment",
    "grief",
    "remorse",
    "gratitude",
]
EMOTIONS += [
    "admiration",
    "amusement",
    "approval",
    "caring",
    "desire",
    "excitement",
    "joy",
    "love",
    "optimism",
    "pride",
]
EMOTIONS += ["relief", "confusion", "curiosity"]


def test_logits_that_are_too_sure_are_cooled() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(4_000, 3)).astype(np.float32)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = [int(random.choice(3, p=row / row.sum())) for row in chances.astype(float)]
    assert temperature(logits * 1.5, labels) == pytest.approx(1.5, abs=0.1)


def test_a_threshold_lies_between_those_with_and_those_without_the_tone() -> None:
    comments = [Comment("cross", (0,))] * 50 + [Comment("calm", ())] * 50
    logits = np.full((100, 5), -3, np.float32)
    logits[:50, 0] = 1.0
    chosen = tone_thresholds(logits, comments, EMOTIONS)
    assert 0.05 < chosen["frustrated"] < 0.74


def test_the_prior_is_the_share_of_each_label() -> None:
    tweets = [Tweet("a", label, "2016") for label in (0, 1, 1, 2)]
    assert label_shares(tweets) == (0.25, 0.5, 0.25)
