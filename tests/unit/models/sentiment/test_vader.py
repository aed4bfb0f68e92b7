import pytest

from models.sentiment.vader import VaderClassifier
from tests.unit.models.sentiment.contract import ClassifierContract


class TestVader(ClassifierContract):
    @pytest.fixture
    def classifier(self) -> VaderClassifier:
        return VaderClassifier()


def test_below_the_least_confidence_a_text_is_unknown() -> None:
    [reading] = VaderClassifier(min_confidence=0.99).classify(["This is okay, thanks."])
    assert (reading.label, reading.reason) == (None, "low_confidence")
    assert reading.confidence is not None
