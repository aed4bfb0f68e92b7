"""Errors of loading a model. A bad text is never an error: it is a `Reading` without a label.

SentimentError
├── UnknownClassifier     the setting names no adapter
├── MissingDependency     the adapter needs an extra that is not installed
└── BadModel              the model cannot be used as it is
    ├── MissingFile       a file of the model is not there
    ├── BadHash           a file is not the one the config vouches for
    └── BadLabelMap       the labels of the model do not map onto negative, neutral, positive
"""


class SentimentError(Exception):
    """A classifier could not be made; the message says what to change."""


class UnknownClassifier(SentimentError):
    """The setting names no adapter."""


class MissingDependency(SentimentError):
    """The adapter needs an extra that is not installed."""


class BadModel(SentimentError):
    """The model cannot be used as it is."""


class MissingFile(BadModel):
    """A file of the model is not there."""


class BadHash(BadModel):
    """A file is not the one the config vouches for."""


class BadLabelMap(BadModel):
    """The labels of the model do not map onto negative, neutral, positive."""
