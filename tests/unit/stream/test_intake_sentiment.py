"""From a setting to an entry of the log: what intake makes of real readings, and what it counts."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.sentiment.shipped import read_config
from schemas.catalogue import HEALTH_SIGNALS, SUPPORT_MESSAGES
from schemas.decoding import MAX_VALUE_BYTES, decode_signal, encode
from schemas.messages import MAX_TEXT_CHARACTERS, MessageClassified, MessageCreated
from schemas.signals import Signal
from stream.classifier import open_classifier
from stream.dead_letters import Limit
from stream.errors import ConfigurationError
from stream.intake import Intake, Sentiment
from stream.metrics import Metrics
from stream.settings import Settings
from tests.unit.models.sentiment.contract import HOSTILE
from tests.unit.stream.fakes import FakePlane, run_of

TINY = Path(__file__).parents[1] / "models" / "sentiment" / "tiny"
BASE: dict[str, Any] = {"occurred_at": datetime(2026, 2, 28, tzinfo=UTC), "tenant": "acme", "contact": "c"}
NOW = 1_772_323_200_000
HAPPY = "Thank you so much, this is wonderful!"
GERMAN = "Mein Konto funktioniert nicht mehr, bitte helfen Sie mir."


class FakeDirectory:
    """Knows acme."""

    tenants = frozenset({"acme"})

    async def catch_up(self) -> None:
        """There is nothing more to know."""


class Stage:
    """Intake on a data plane in memory, with the classifier that the settings name."""

    def __init__(self, **settings: Any) -> None:
        self.metrics = Metrics("intake")
        self.plane = FakePlane()
        self.classifier = open_classifier(Settings(classifier_sessions=2, **settings))
        sentiment = Sentiment(self.classifier, self.metrics, lambda: None)
        plane: Any = self.plane
        directory: Any = FakeDirectory()
        self.intake = Intake(plane, directory, sentiment, Limit(1.0), self.metrics, {HEALTH_SIGNALS: 1}, lambda: NOW)

    def read(self, *texts: str) -> list[MessageClassified]:
        """What of these messages comes into the log."""
        assert self.plane.current is not None
        already = len(self.plane.current.sent)
        created = [
            MessageCreated(event_id=f"e{n}", message=f"m{n}", author="customer", text=text, **BASE)
            for n, text in enumerate(texts)
        ]
        asyncio.run(self.intake.agent([run_of(SUPPORT_MESSAGES, *map(encode, created))]))
        signals = [decode_signal(one.value) for one in self.plane.current.sent[already:]]
        facts = [signal.fact for signal in signals if isinstance(signal, Signal)]
        return [fact for fact in facts if isinstance(fact, MessageClassified)]

    def counted(self, label: str) -> float:
        return self.metrics.registry.get_sample_value("heartline_sentiment_labels_total", {"label": label}) or 0


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.classifier.close()


def test_what_was_read_and_by_which_model_travels_in_the_signal(stage: Stage) -> None:
    [fact] = stage.read(HAPPY)
    config = read_config()
    assert (fact.label, fact.classifier) == ("positive", f"{config.name} {config.version}")
    assert "grateful" in fact.tones
    assert fact.confidence is not None
    assert fact.confidence > 0.9


def test_messages_without_a_sentiment_say_why_and_are_not_neutral(stage: Stage) -> None:
    empty, foreign = stage.read("[image001.png]", GERMAN)
    assert (empty.label, empty.unclassified_because) == (None, "empty")
    assert (foreign.label, foreign.unclassified_because) == (None, "unknown_language")


def test_the_mix_of_labels_and_what_has_none_is_counted_so_that_drift_is_seen() -> None:
    stage = Stage(min_confidence=0.999)
    try:
        stage.read(HAPPY, HAPPY, "", GERMAN, "The invoice and the order.")
    finally:
        stage.classifier.close()
    mix = {label: stage.counted(label) for label in ("empty", "unknown_language", "low_confidence", "neutral")}
    assert mix == {"empty": 1, "unknown_language": 1, "low_confidence": 3, "neutral": 0}
    assert stage.metrics.registry.get_sample_value("heartline_sentiment_seconds_count") == 1


def test_labels_are_counted_by_their_names(stage: Stage) -> None:
    stage.read(HAPPY, HAPPY, "I hate this, it is awful and broken.")
    assert [stage.counted(label) for label in ("positive", "negative")] == [2, 1]


def test_below_the_least_confidence_of_the_settings_a_message_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTLINE_MIN_CONFIDENCE", "0.999")
    stage = Stage()
    try:
        [fact] = stage.read(HAPPY)
    finally:
        stage.classifier.close()
    assert (fact.label, fact.unclassified_because) == (None, "low_confidence")
    assert fact.confidence is not None
    assert 0.9 < fact.confidence < 0.999


def _room(text: str) -> int:
    """Characters that a record has room for: JSON writes a control character in six bytes."""
    return MAX_TEXT_CHARACTERS if text[:1] >= " " else MAX_VALUE_BYTES // 6 - 100


def test_hostile_texts_go_through_intake_in_a_bounded_time_and_stop_nothing(stage: Stage) -> None:
    texts = [text[: _room(text)].encode("utf-8", "replace").decode() for text in HOSTILE.values()]
    started = time.process_time()
    facts = stage.read(HAPPY, *texts, HAPPY)
    assert time.process_time() - started < 2 * len(texts)
    assert len(facts) == len(texts) + 2
    assert [facts[0].label, facts[-1].label] == ["positive", "positive"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"classifier": "best"}, "default, vader, onnx:DIRECTORY or hf:NAME_OR_DIRECTORY"),
        ({"classifier": "onnx:nowhere"}, "nowhere"),
        ({"classifier": f"onnx:{TINY}"}, "label map"),
        ({"classifier": f"onnx:{TINY}", "classifier_labels": "cross=bad"}, "label map"),
    ],
)
def test_a_classifier_that_cannot_be_used_is_an_error_before_anything_is_read(
    settings: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigurationError, match="HEARTLINE_CLASSIFIER=") as raised:
        open_classifier(Settings(**settings))  # type: ignore[arg-type]
    assert said in str(raised.value)
