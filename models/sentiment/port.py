"""The port of sentiment: what a stage asks of a classifier, and what it gets for each text."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

Label = Literal["negative", "neutral", "positive"]
Tone = Literal["frustrated", "sad", "grateful", "happy", "confused"]
Reason = Literal["empty", "unknown_language", "low_confidence"]

LABELS: tuple[Label, ...] = ("negative", "neutral", "positive")
TONES: tuple[Tone, ...] = ("frustrated", "sad", "grateful", "happy", "confused")


class Probabilities(msgspec.Struct, frozen=True):
    """How likely each label is; the three sum to 1."""

    negative: float
    neutral: float
    positive: float


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a classifier read out of one text.

    `label` is None when the text says nothing about sentiment; `reason` then says why: `empty` (no words: blank,
    attachment only, nothing but a quoted reply), `unknown_language` (never guessed) or `low_confidence` (below the
    `min_confidence` of the setting; `confidence` and `probabilities` are there all the same).
    `confidence`, 0..1, is the probability that the label is right. A tone can be there without a label.
    """

    label: Label | None = None
    confidence: float | None = None
    tones: tuple[Tone, ...] = ()
    reason: Reason | None = None
    probabilities: Probabilities | None = None
    language: str | None = None
    """The language the text was found to be in (ISO 639-1), where the classifier looks at it and is sure."""


class Classifier(Protocol):
    """Reads sentiment. Safe to call from several threads at once; never raises for what a text holds."""

    @property
    def name(self) -> str:
        """Which model this is, as it is written into each signal."""

    @property
    def version(self) -> str:
        """Which version of the model; a different version may read the same text differently."""

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        """One reading per text, in the order of the texts."""

    def close(self) -> None:
        """Give back threads and memory. A closed classifier is not called again."""
