"""What the outputs of a network mean: which are which label, how sure a logit is, from where a tone is there."""

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.sentiment.errors import BadLabelMap
from models.sentiment.port import LABELS, Label, Probabilities, Reading, Tone
from models.sentiment.windows import pool

Floats = NDArray[np.float32]

USUAL_NAMES: dict[str, Label] = {
    "negative": "negative", "neg": "negative", "neutral": "neutral", "neu": "neutral", "positive": "positive",
    "pos": "positive",
}  # fmt: skip
NEUTRAL = LABELS.index("neutral")


class Calibration(msgspec.Struct, frozen=True):
    """From logits to probabilities: `softmax(logits / temperature - prior_tau * log prior)`.

    `prior` is the share of each label (negative, neutral, positive) in what the model was trained on. With
    `prior_tau` 0 the model expects the same mix; with 1 it expects each label equally often, which raises negative.
    """

    temperature: float = 1.0
    prior: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)
    prior_tau: float = 0.0


class Meaning:
    """Turns the logits of texts' windows into readings."""

    def __init__(
        self,
        columns: Sequence[Label],
        calibration: Calibration,
        min_confidence: float,
        tones: Mapping[Tone, float] | None = None,
    ) -> None:
        """`columns`: the label of each sentiment output, in the network's order; the tones' outputs come after them.

        `tones`: tone to the probability from which it is there.
        """
        self._matrix = np.array([[label == column for label in LABELS] for column in columns], dtype=np.float32)
        self._temperature = calibration.temperature
        self._shift = np.array([-calibration.prior_tau * math.log(share) for share in calibration.prior], np.float32)
        self._min_confidence = min_confidence
        self._tones = tuple(tones or {})
        chances = np.array(list((tones or {}).values()), np.float32)
        self._least_logits = np.log(chances / (1 - chances))

    def probabilities(self, logits: Floats) -> Floats:
        """(rows, 3) probabilities of negative, neutral, positive from (rows, outputs) logits."""
        scaled = logits[:, : len(self._matrix)] / self._temperature
        mixed = _softmax(scaled) @ self._matrix
        shifted: Floats = mixed * np.exp(self._shift)
        normal: Floats = shifted / shifted.sum(axis=1, keepdims=True)
        return normal

    def read(self, logits: Floats, lengths: Floats, texts: Sequence[slice]) -> list[Reading]:
        """The reading of each text. `logits`: (windows, outputs), `lengths`: (windows,) tokens, of all texts' windows;
        `texts`: which of them are a text's."""
        rows = self.probabilities(logits)
        said = logits[:, len(self._matrix) :] >= self._least_logits
        return [self._reading(rows[text], lengths[text], said[text]) for text in texts]

    def _reading(self, rows: Floats, lengths: Floats, said: NDArray[np.bool_]) -> Reading:
        pooled = (rows[0] if len(rows) == 1 else pool(rows, lengths, NEUTRAL)).tolist()
        best = pooled.index(max(pooled))
        confidence = round(pooled[best], 4)
        sure = confidence >= self._min_confidence
        return Reading(
            label=LABELS[best] if sure else None,
            confidence=confidence,
            # A tone is there when one window has it.
            tones=tuple(tone for tone, *windows in zip(self._tones, *said.tolist(), strict=True) if any(windows)),
            reason=None if sure else "low_confidence",
            probabilities=Probabilities(*(round(value, 4) for value in pooled)),
            language="en",
        )


def label_columns(names: Sequence[str], label_map: Mapping[str, str] | None, where: str) -> list[Label]:
    """The label of each output, by the model's own `names` of them and the setting's map from name to label.

    Raises `BadLabelMap` when an output is left without a label, or negative or positive without an output.
    """
    chosen = label_map if label_map is not None else USUAL_NAMES
    by_name = {name.lower(): USUAL_NAMES.get(label.lower()) for name, label in chosen.items()}
    columns = [by_name.get(name.lower()) for name in names]
    unmapped = [name for name, column in zip(names, columns, strict=True) if column is None]
    known = [column for column in columns if column is not None]
    lacking = [label for label in ("negative", "positive") if label not in known]
    if unmapped or lacking:
        what = f"no label for {', '.join(unmapped)}" if unmapped else f"no output for {' and '.join(lacking)}"
        raise BadLabelMap(
            f"{where}: {what}. The model's outputs are {', '.join(names)}; set the label map so that each is one of "
            "negative, neutral, positive, and there is a negative and a positive"
        )
    return known


def _softmax(values: Floats) -> Floats:
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    result: Floats = raised / raised.sum(axis=1, keepdims=True)
    return result
