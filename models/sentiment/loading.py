"""From a setting to a classifier. Adapters are imported when they are asked for: start time and memory count."""

from models.sentiment.errors import UnknownClassifier
from models.sentiment.port import Classifier

SPECS = "default, vader, onnx:DIRECTORY or hf:NAME_OR_DIRECTORY"


def load_classifier(spec: str) -> Classifier:
    """The classifier that `spec` names. Raises a `SentimentError` that says what to change."""
    kind, _, where = spec.partition(":")
    if kind in ("default", "vader") and not where:
        from models.sentiment.vader import VaderClassifier

        return VaderClassifier()
    raise UnknownClassifier(f"sentiment model {spec!r} is not one of: {SPECS}")
