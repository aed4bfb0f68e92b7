"""The classifier that the settings name."""

from models.sentiment.errors import SentimentError
from models.sentiment.loading import Options, load_classifier
from models.sentiment.port import Classifier
from stream.errors import ConfigurationError
from stream.settings import Settings


def open_classifier(settings: Settings) -> Classifier:
    """Load it. Raises `ConfigurationError`, which says what to change."""
    options = Options(
        sessions=settings.classifier_sessions,
        min_confidence=settings.min_confidence,
        prior_tau=settings.prior_tau,
        label_map=settings.classifier_labels,
    )
    try:
        return load_classifier(settings.classifier, options)
    except SentimentError as error:
        raise ConfigurationError(f"HEARTLINE_CLASSIFIER={settings.classifier}: {error}") from error
