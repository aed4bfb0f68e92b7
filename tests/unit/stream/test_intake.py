import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from models.sentiment.port import Reading
from schemas.base import Event, to_milliseconds
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_CONTROL,
    HEALTH_PROFILES,
    HEALTH_SIGNALS,
    SUPPORT_CONTACTS,
    SUPPORT_LABELLED_EXAMPLES,
    SUPPORT_MESSAGES,
    SUPPORT_TICKETS,
)
from schemas.control import ModelPublished, SentimentCorrected
from schemas.decoding import DecodeFailure, decode_signal, encode
from schemas.door import UNKNOWN_TENANT
from schemas.messages import MessageClassified, MessageCreated
from schemas.profiles import ContactUpdated
from schemas.signals import Signal
from schemas.tickets import TicketOpened
from stream import intake as intake_module
from stream.dead_letters import Limit
from stream.errors import DeadLetterLimit
from stream.intake import Intake, Sentiment
from stream.metrics import Metrics
from tests.unit.stream.fakes import FakePlane, Sent, run_of

NOW = to_milliseconds(datetime(2026, 3, 1, tzinfo=UTC))
ACCEPTED = 1000
PARTITIONS = {HEALTH_SIGNALS: 3, HEALTH_ACCOUNT_SIGNALS: 3}
BASE: dict[str, Any] = {
    "event_id": "e1",
    "occurred_at": datetime(2026, 2, 28, tzinfo=UTC),
    "tenant": "acme",
    "contact": "c",
}


class FakeDirectory:
    """Knows acme; learns late of newcomers."""

    def __init__(self) -> None:
        self.tenants = {"acme"}
        self.refused: dict[int, DecodeFailure] = {}
        self.read = 0

    async def catch_up(self) -> None:
        self.tenants.add("newcomer")

    async def read_to(self, end: int) -> None:
        self.read = end


class FakeClassifier:
    """Reads everything as negative, after failing a number of times."""

    name, version = "fake", "1"

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.seen: list[str] = []

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("out of memory")
        self.seen.extend(texts)
        return [Reading(label="negative", confidence=0.8) for _ in texts]

    def close(self) -> None:
        """Nothing to give back."""


class Stage:
    """An intake over fakes."""

    def __init__(self, classifier: FakeClassifier | None = None, share: float = 1.0, **options: Any) -> None:
        self.plane = FakePlane()
        self.metrics = Metrics("intake")
        self.classifier = classifier or FakeClassifier()
        self.alive = 0
        sentiment = Sentiment(self.classifier, self.metrics, self.progress)
        self.directory = FakeDirectory()
        directory: Any = self.directory
        plane: Any = self.plane
        self.intake = Intake(
            plane, directory, sentiment, Limit(share), self.metrics, PARTITIONS, lambda: NOW, **options
        )

    def take(self, topic: str, *values: bytes | Event | None) -> list[Sent]:
        raw = [encode(value) if isinstance(value, Event) else value for value in values]
        stamp = ACCEPTED if topic != HEALTH_CONTROL else NOW
        asyncio.run(self.intake.agent([run_of(topic, *raw, timestamp=stamp)]))
        return self.plane.sent

    def progress(self) -> None:
        self.alive += 1

    def labels(self, label: str) -> float:
        return self.metrics.registry.get_sample_value("heartline_sentiment_labels_total", {"label": label}) or 0

    def counted(self, topic: str, result: str) -> float:
        return self.metrics.registry.get_sample_value("heartline_events_total", {"topic": topic, "result": result}) or 0


def signal_of(sent: Sent) -> Signal:
    signal = decode_signal(sent.value)
    assert isinstance(signal, Signal)
    return signal


def test_a_ticket_becomes_an_entry_of_the_log_at_the_present_time() -> None:
    stage = Stage()
    (sent,) = stage.take(SUPPORT_TICKETS, TicketOpened(**BASE, ticket="t"))
    assert (sent.topic, sent.key) == (HEALTH_SIGNALS, b"acme/c")
    assert (signal_of(sent).at, signal_of(sent).accepted_at, signal_of(sent).mode) == (NOW, ACCEPTED, "live")
    assert (sent.headers["ce_id"], sent.headers["ce_type"]) == (b"e1", b"ticket.opened")


def test_a_message_is_classified_and_its_text_goes_no_further() -> None:
    stage = Stage()
    sent = stage.take(SUPPORT_MESSAGES, MessageCreated(**BASE, message="m", author="customer", text="secret words"))
    fact = signal_of(sent[0]).fact
    assert isinstance(fact, MessageClassified)
    assert (fact.label, fact.classifier) == ("negative", "fake 1")
    assert b"secret" not in b"".join(one.value or b"" for one in sent)


def test_only_customers_are_classified() -> None:
    stage = Stage()
    authors = ("agent", "customer", "bot", "system")
    messages = [MessageCreated(**BASE, message=f"m{n}", author=author, text=author) for n, author in enumerate(authors)]
    sent = stage.take(SUPPORT_MESSAGES, *messages)
    assert stage.classifier.seen == ["customer"]
    labels = [fact.label for one in sent if isinstance(fact := signal_of(one).fact, MessageClassified)]
    assert labels == [None, "negative", None, None]


def test_messages_wait_for_a_classifier_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "RETRY_SECONDS", (0.001,))
    stage = Stage(FakeClassifier(failures=7))
    (sent,) = stage.take(SUPPORT_MESSAGES, MessageCreated(**BASE, message="m", author="customer", text="broken"))
    fact = signal_of(sent).fact
    assert isinstance(fact, MessageClassified)
    assert fact.label == "negative"


class Choking(FakeClassifier):
    """Fails for batches with some texts in them, for a number of times in all."""

    def __init__(self, *poison: str, times: int = 10**9) -> None:
        super().__init__()
        self.poison, self.times = set(poison), times

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        if self.times and self.poison & set(texts):
            self.times -= 1
            raise ValueError("it has digested that badly")
        return super().classify(texts)


def messages(*texts: str) -> list[MessageCreated]:
    return [MessageCreated(**BASE, message=f"m{n}", author="customer", text=text) for n, text in enumerate(texts)]


def test_a_text_that_a_working_classifier_always_fails_for_is_put_aside_and_the_others_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake_module, "RETRY_SECONDS", (0.001,))
    stage = Stage(Choking("poison"))
    sent = stage.take(SUPPORT_MESSAGES, *messages("one", "poison", "two"), *messages("more"))
    assert [one.topic for one in sent] == [HEALTH_SIGNALS, f"{SUPPORT_MESSAGES}-dlq", HEALTH_SIGNALS, HEALTH_SIGNALS]
    assert sent[1].headers["heartline_reason"] == b"classifier_failed"
    assert sent[1].headers["heartline_detail"] == b"the classifier fails for this text alone: ValueError"
    assert stage.labels("negative") == 3, "what it is tried by is nobody's message"


def test_a_text_that_fails_now_and_then_is_read_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "RETRY_SECONDS", (0.001,))
    stage = Stage(Choking("unlucky", times=1 + intake_module.TRIES))
    assert [one.topic for one in stage.take(SUPPORT_MESSAGES, *messages("one", "unlucky"))] == [HEALTH_SIGNALS] * 2


def test_while_the_classifier_fails_for_all_no_text_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "RETRY_SECONDS", (0.001,))
    down = 20 * (1 + intake_module.TRIES)
    stage = Stage(Choking("one", "two", intake_module.HARMLESS, times=down))
    assert [one.topic for one in stage.take(SUPPORT_MESSAGES, *messages("one", "two"))] == [HEALTH_SIGNALS] * 2


def test_a_long_read_says_time_and_again_that_it_is_alive() -> None:
    stage = Stage()
    texts = [MessageCreated(**BASE, message=f"m{n}", author="customer", text=f"text {n}") for n in range(600)]
    assert [signal_of(sent).fact.message for sent in stage.take(SUPPORT_MESSAGES, *texts)] == [  # type: ignore[union-attr]
        text.message for text in texts
    ]
    assert sorted(stage.classifier.seen) == sorted(text.text for text in texts)
    assert stage.alive == 3


def test_bad_records_are_put_aside_beside_the_good_ones() -> None:
    stage = Stage()
    sent = stage.take(SUPPORT_TICKETS, b"{", TicketOpened(**BASE, ticket="t"), None)
    letters = [one for one in sent if one.topic == f"{SUPPORT_TICKETS}-dlq"]
    assert [letter.value for letter in letters] == [b"{", None]
    assert letters[0].headers["heartline_offset"] == b"0"
    assert letters[0].headers["trace"] == b"t"
    assert len(sent) == 3
    assert stage.counted(SUPPORT_TICKETS, "accepted") == 0, "nothing is counted before it is committed"
    assert stage.plane.current is not None
    stage.plane.current.commit()
    assert stage.counted(SUPPORT_TICKETS, "accepted") == 1
    assert stage.counted(SUPPORT_TICKETS, "dead_letter") == 2


def test_a_tenant_that_was_just_registered_is_looked_up_before_its_events_are_put_aside() -> None:
    stage = Stage()
    known = TicketOpened(**BASE | {"tenant": "newcomer"}, ticket="t")
    unknown = TicketOpened(**BASE | {"tenant": "stranger"}, ticket="t")
    sent = stage.take(SUPPORT_TICKETS, known, unknown)
    assert [one.topic for one in sent] == [HEALTH_SIGNALS, f"{SUPPORT_TICKETS}-dlq"]


def test_what_everybody_has_to_refuse_of_the_control_topic_is_put_aside_once_it_has_been_read() -> None:
    stage = Stage()
    stage.directory.refused[1] = UNKNOWN_TENANT
    correction = SentimentCorrected(**BASE, message="m", label="negative", author="ann")
    ahead = msgspec.structs.replace(correction, occurred_at=datetime(2500, 1, 1, tzinfo=UTC))
    sent = stage.take(HEALTH_CONTROL, correction, correction, ahead)
    assert stage.directory.read == 3
    letters = [(one.headers["heartline_offset"], one.headers["heartline_reason"]) for one in sent[1:]]
    assert sent[0].topic == HEALTH_SIGNALS
    assert letters == [(b"1", b"unknown_tenant"), (b"2", b"time_out_of_range")]


def test_a_published_model_goes_to_every_partition_of_the_log() -> None:
    stage = Stage()
    model = msgspec.Raw(b'{"version": "2", "components": {"nps": {"weight": 10}}}')
    event = {name: value for name, value in BASE.items() if name != "contact"}
    sent = stage.take(HEALTH_CONTROL, ModelPublished(**event, version="2", model=model, author="u"))
    assert [(one.topic, one.key, one.partition) for one in sent] == [
        (topic, None, n) for topic in (HEALTH_SIGNALS, HEALTH_ACCOUNT_SIGNALS) for n in range(3)
    ]


def test_a_model_that_is_not_valid_is_put_aside_with_what_is_wrong_in_it() -> None:
    event = {name: value for name, value in BASE.items() if name != "contact"}
    model = msgspec.Raw(b'{"version": "2", "components": {"luck": {"weight": 10}}}')
    (letter,) = Stage().take(HEALTH_CONTROL, ModelPublished(**event, version="2", model=model, author="u"))
    assert letter.topic == f"{HEALTH_CONTROL}-dlq"
    assert b"luck" in (letter.headers["heartline_detail"] or b"")


def test_a_name_goes_to_the_profiles_with_headers_like_every_output() -> None:
    sent = Stage().take(SUPPORT_CONTACTS, ContactUpdated(**BASE, name="Some Body"))
    (profile,) = [one for one in sent if one.topic == HEALTH_PROFILES]
    assert profile.headers["ce_type"] == b"profile.changed"


@pytest.mark.parametrize(("allowed", "kept"), [(frozenset(), 0), (frozenset({"acme"}), 1)])
def test_a_corrected_message_is_kept_only_where_the_tenant_allows_it(allowed: frozenset[str], kept: int) -> None:
    correction = SentimentCorrected(**BASE, message="m", label="positive", author="u", text="secret words")
    sent = Stage(labelled_examples=allowed).take(HEALTH_CONTROL, correction)
    examples = [one for one in sent if one.topic == SUPPORT_LABELLED_EXAMPLES]
    assert len(examples) == kept
    assert all(b"secret words" in (one.value or b"") for one in examples)
    assert all(b"secret" not in (one.value or b"") for one in sent if one not in examples)


def test_a_worker_that_refuses_most_records_stops() -> None:
    with pytest.raises(DeadLetterLimit):
        Stage(share=0.5).take(SUPPORT_TICKETS, *[b"{"] * 1000)


def test_a_run_of_a_generation_that_is_over_leaves_no_trace() -> None:
    stage = Stage()
    cycle, stage.plane.current = stage.plane.current, None
    asyncio.run(stage.intake.agent([run_of(SUPPORT_TICKETS, encode(TicketOpened(**BASE, ticket="t")))]))
    assert cycle is not None
    assert (cycle.sent, cycle.finished) == ([], [])
