"""Quality through the port: what a stage would get for the texts of the test sets."""

from collections.abc import Sequence

import msgspec
import numpy as np

from models.sentiment.evaluation.metrics import Sentiment, f1, sentiment
from models.sentiment.port import LABELS, TONES, Classifier, Reading
from models.sentiment.training.data import GROUPS, Comment, Corpus, Tweet


class Quality(msgspec.Struct, frozen=True):
    """Of one classifier."""

    name: str
    version: str
    tweets: Sentiment
    tones: dict[str, float]
    """F1 per tone on GoEmotions' test set; empty for a classifier without tones."""


def quality(classifier: Classifier, corpus: Corpus) -> Quality:
    """Read TweetEval's test set and GoEmotions' with `classifier` and compare."""
    readings = classifier.classify([tweet.text for tweet in corpus.tweets_test])
    comments = classifier.classify([comment.text for comment in corpus.comments_test])
    return Quality(
        name=classifier.name,
        version=classifier.version,
        tweets=compare(corpus.tweets_test, readings),
        tones=tone_f1(corpus.comments_test, comments, corpus.emotion_names),
    )


def compare(tweets: Sequence[Tweet], readings: Sequence[Reading]) -> Sentiment:
    """The sentiment figures of `readings`."""
    found = [LABELS.index(reading.label) if reading.label is not None else -1 for reading in readings]
    confidence = [reading.confidence or 0.0 for reading in readings]
    return sentiment([tweet.label for tweet in tweets], found, confidence)


def tone_f1(comments: Sequence[Comment], readings: Sequence[Reading], emotion_names: Sequence[str]) -> dict[str, float]:
    """F1 per tone, or nothing if no reading has a tone at all."""
    if not any(reading.tones for reading in readings):
        return {}
    figures: dict[str, float] = {}
    for tone in TONES:
        members = {emotion_names.index(name) for name in GROUPS[tone]}
        truth = np.array([not members.isdisjoint(comment.emotions) for comment in comments])
        figures[tone] = round(f1(truth, np.array([tone in reading.tones for reading in readings])), 3)
    return figures
