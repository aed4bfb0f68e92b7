"""From a setting to a classifier. Adapters are imported when they are asked for: start time and memory count."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from models.sentiment.errors import UnknownClassifier
from models.sentiment.port import Classifier

SPECS = "default, vader, onnx:DIRECTORY or hf:NAME_OR_DIRECTORY"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set about a classifier beside which one it is."""

    sessions: int | None = None
    """How many texts' networks run side by side, one thread each; None is one per core."""
    min_confidence: float = 0.0
    """Below this a message counts as unknown: no label, reason `low_confidence`."""
    prior_tau: float | None = None
    """How far the shipped model's prior is taken back, 0..1 (docs/sentiment.md); None is the model's own choice."""
    label_map: Mapping[str, str] | None = None
    """Another model's label names to negative, neutral, positive; None when they are called that already."""


def load_classifier(spec: str, options: Options | None = None) -> Classifier:
    """The classifier that `spec` names. Raises a `SentimentError` that says what to change."""
    chosen = options or Options()
    sessions = chosen.sessions or os.cpu_count() or 1
    kind, _, where = spec.partition(":")
    if kind == "vader" and not where:
        from models.sentiment.vader import VaderClassifier

        return VaderClassifier(chosen.min_confidence)
    if kind == "default" and not where:
        from models.sentiment.shipped import load_shipped

        return load_shipped(sessions, chosen.min_confidence, chosen.prior_tau)
    if kind == "onnx" and where:
        from models.sentiment.onnx_directory import load_onnx_directory

        return load_onnx_directory(Path(where), sessions, chosen.min_confidence, label_map=chosen.label_map)
    if kind == "hf" and where:
        from models.sentiment.hugging_face import load_hugging_face

        return load_hugging_face(where, sessions, chosen.min_confidence, label_map=chosen.label_map)
    raise UnknownClassifier(f"sentiment model {spec!r} is not one of: {SPECS}")
