"""VADER behind the port: a word list, no model file. Quick, and well below the shipped model (docs/sentiment.md)."""

from collections.abc import Sequence
from importlib.metadata import version as installed_version

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from models.sentiment.cleaning import customer_words, has_words
from models.sentiment.language import foreign_language, identifier
from models.sentiment.port import Label, Reading

MAX_CHARACTERS = 5_000
"""VADER's time grows with the square of the words; more than this says nothing new."""

NEUTRAL_BELOW = 0.05
"""|compound| below this is neutral, as VADER's authors advise."""


class VaderClassifier:
    """Rule-based sentiment for English. Its confidence ranks readings; it is no probability, so none are given."""

    name = "vader"
    version = installed_version("vaderSentiment")

    def __init__(self, min_confidence: float = 0.0) -> None:
        self._analyzer = SentimentIntensityAnalyzer()
        self._min_confidence = min_confidence
        identifier()  # loaded now, not by several threads at their first text

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        """One reading per text; tones are not VADER's business and stay empty."""
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> Reading:
        words = customer_words(text)
        if not has_words(words):
            return Reading(reason="empty")
        if language := foreign_language(words):
            return Reading(reason="unknown_language", language=language)
        scores = self._analyzer.polarity_scores(words[:MAX_CHARACTERS])
        compound = float(scores["compound"])
        label: Label = "neutral" if abs(compound) < NEUTRAL_BELOW else "positive" if compound > 0 else "negative"
        confidence = round(1.0 - abs(compound) if label == "neutral" else (1.0 + abs(compound)) / 2, 4)
        if confidence < self._min_confidence:
            return Reading(confidence=confidence, reason="low_confidence", language="en")
        return Reading(label=label, confidence=confidence, language="en")

    def close(self) -> None:
        """Nothing to give back."""
