"""VADER behind the port: a word list, no model file. Quick, and well below the shipped model (docs/sentiment.md)."""

from collections.abc import Sequence
from importlib.metadata import version as installed_version

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from models.sentiment.port import Label, Probabilities, Reading

MAX_CHARACTERS = 10_000
"""VADER's time grows with the square of the text in places; more than this says nothing new."""

NEUTRAL_BELOW = 0.05
"""|compound| below this is neutral, as VADER's authors advise."""


class VaderClassifier:
    """Rule-based sentiment for English. It gives no probability of being right, so its confidence is only a rank."""

    name = "vader"
    version = installed_version("vaderSentiment")

    def __init__(self, min_confidence: float = 0.0) -> None:
        self._analyzer = SentimentIntensityAnalyzer()
        self._min_confidence = min_confidence

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        """One reading per text; tones are not VADER's business and stay empty."""
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> Reading:
        if not any(character.isalnum() for character in text):
            return Reading(reason="empty")
        scores = self._analyzer.polarity_scores(text[:MAX_CHARACTERS])
        compound = float(scores["compound"])
        label: Label = "neutral" if abs(compound) < NEUTRAL_BELOW else "positive" if compound > 0 else "negative"
        confidence = 1.0 - abs(compound) if label == "neutral" else (1.0 + abs(compound)) / 2
        probabilities = Probabilities(
            negative=float(scores["neg"]), neutral=float(scores["neu"]), positive=float(scores["pos"])
        )
        if confidence < self._min_confidence:
            return Reading(confidence=confidence, probabilities=probabilities, reason="low_confidence")
        return Reading(label=label, confidence=confidence, probabilities=probabilities)

    def close(self) -> None:
        """Nothing to give back."""
