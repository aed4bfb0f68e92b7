from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from models.sentiment.port import Reading
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_PROFILES,
    HEALTH_SIGNALS,
    INPUT_TOPIC_OF,
    SUPPORT_LABELLED_EXAMPLES,
    TOPICS,
)
from schemas.control import (
    ContactErased,
    HistoryStarted,
    ModelPublished,
    OverrideSet,
    SentimentCorrected,
    TenantRegistered,
)
from schemas.decoding import MAX_VALUE_BYTES, encode
from schemas.door import MAX_MODEL_BYTES
from schemas.messages import MAX_TEXT_CHARACTERS, MessageCreated
from schemas.profiles import AccountUpdated, ContactUpdated
from schemas.surveys import ReviewPosted, SurveyAnswered
from schemas.tickets import TicketOpened, TicketUpdated
from stream.routing import Entry, classified, labelled_example, route

WIDE = "\U0001f600" * 128
BATCH_BYTES = 10_000
"""More than an entry's time, a record's key and headers and its batch add."""
LARGEST: dict[str, Any] = {"event_id": WIDE, "occurred_at": datetime(2026, 1, 1, tzinfo=UTC), "tenant": "a" * 63}
BASE: dict[str, Any] = {"event_id": "e1", "occurred_at": datetime(2026, 1, 1, tzinfo=UTC), "tenant": "acme"}


def entries(event: Any) -> list[Entry]:
    return list(route(event))


def test_a_ticket_goes_to_its_contacts_log() -> None:
    event = TicketOpened(**BASE, contact="c", ticket="t")
    assert entries(event) == [Entry(HEALTH_SIGNALS, b"acme/c", event)]


def test_a_ticket_that_moves_is_told_to_both_contacts() -> None:
    event = TicketUpdated(**BASE, contact="new", ticket="t", previous_contact="old")
    assert [entry.key for entry in entries(event)] == [b"acme/new", b"acme/old"]


def test_a_message_loses_its_text_and_gains_its_reading() -> None:
    message = MessageCreated(**BASE, contact="c", message="m", author="customer", text="secret words")
    fact = classified(message, Reading(label="negative", confidence=0.9, tones=("sad",)), "vader 1")
    assert (fact.label, fact.confidence, fact.tones, fact.classifier) == ("negative", 0.9, ("sad",), "vader 1")
    assert "secret" not in repr(entries(fact))


def test_an_agents_message_has_no_reading() -> None:
    message = MessageCreated(**BASE, contact="c", message="m", author="agent", text="hello")
    assert classified(message, None, "vader 1").label is None


def test_a_contacts_name_goes_to_the_profiles_alone() -> None:
    fact, profile = entries(ContactUpdated(**BASE, contact="c", name="Some Body", account="a"))
    assert fact.topic == HEALTH_SIGNALS
    assert "Some Body" not in repr(fact)
    assert (profile.topic, profile.key) == (HEALTH_PROFILES, b"acme/contact/c")
    assert "Some Body" in repr(profile)


def test_an_account_goes_to_the_accounts_log() -> None:
    fact, profile = entries(AccountUpdated(**BASE, account="a", name="A Ltd", seats=500))
    assert (fact.topic, fact.key) == (HEALTH_ACCOUNT_SIGNALS, b"acme/a")
    assert profile.key == b"acme/account/a"


@pytest.mark.parametrize(
    ("subject", "topic"), [({"contact": "c"}, HEALTH_SIGNALS), ({"account": "a"}, HEALTH_ACCOUNT_SIGNALS)]
)
def test_overrides_and_reviews_go_where_their_subject_is(subject: dict[str, str], topic: str) -> None:
    override = OverrideSet(**BASE, **subject, band="danger", reason="cancelled by phone", author="u")
    review = ReviewPosted(**BASE, **subject, site="s", value=4, scale_min=1, scale_max=5)
    assert [entry.topic for event in (override, review) for entry in entries(event)] == [topic, topic]


def test_a_model_goes_to_every_partition() -> None:
    event = ModelPublished(**BASE, version="2", model=b"{}", author="u")
    assert entries(event) == [Entry(topic, None, event) for topic in (HEALTH_SIGNALS, HEALTH_ACCOUNT_SIGNALS)]


def test_an_erased_contact_loses_its_profile() -> None:
    assert Entry(HEALTH_PROFILES, b"acme/contact/c", None) in entries(ContactErased(**BASE, contact="c"))


def test_a_corrections_text_goes_no_further() -> None:
    (fact,) = entries(SentimentCorrected(**BASE, contact="c", message="m", label="positive", author="u", text="secret"))
    assert "secret" not in repr(fact)


def test_what_concerns_intake_alone_is_not_logged() -> None:
    assert entries(TenantRegistered(**BASE)) == []
    assert entries(HistoryStarted(**BASE)) == []


def test_every_input_type_has_a_route() -> None:
    for event_type in INPUT_TOPIC_OF:
        if event_type is not MessageCreated:
            assert route.dispatch(event_type) is not route.dispatch(object), event_type


def test_a_survey_goes_to_its_contacts_log() -> None:
    event = SurveyAnswered(**BASE, contact="c", kind="nps", value=9, scale_min=0, scale_max=10)
    assert [entry.key for entry in entries(event)] == [b"acme/c"]


def test_a_corrected_message_makes_a_labelled_example_only_with_its_text() -> None:
    correction = SentimentCorrected(**BASE, contact="c", message="m", label="negative", author="u", text="It broke.")
    example = labelled_example(correction)
    assert example is not None
    assert (example.message, example.label, example.text) == ("m", "negative", "It broke.")
    assert labelled_example(SentimentCorrected(**BASE, contact="c", message="m", label="negative", author="u")) is None


def test_the_largest_event_that_is_accepted_fits_what_its_topics_take_though_nothing_compresses_it() -> None:
    """A producer may have compressed what lz4 does not, and a record that its topic refuses ends intake for ever."""
    text = "\U0001f600" * MAX_TEXT_CHARACTERS
    correction = SentimentCorrected(**LARGEST, contact=WIDE, message=WIDE, label="negative", author=WIDE, text=text)
    example = labelled_example(correction)
    assert example is not None
    assert len(encode(example)) + BATCH_BYTES < largest_of(SUPPORT_LABELLED_EXAMPLES)
    assert largest_of(SUPPORT_LABELLED_EXAMPLES) > MAX_VALUE_BYTES + BATCH_BYTES

    attributes: Any = {f"{n:02}{'n' * 62}": "\U0001f600" * 256 for n in range(32)}
    people: dict[str, Any] = {"csm": WIDE, "team": WIDE, "division": WIDE, "name": "\U0001f600" * 256}
    contact = ContactUpdated(**LARGEST, contact=WIDE, account=WIDE, **people, attributes=attributes)
    account = AccountUpdated(**LARGEST, account=WIDE, **people, attributes=attributes)
    override = OverrideSet(**LARGEST, contact=WIDE, band="at_risk", reason="\U0001f600" * 500, author=WIDE)
    document = msgspec.Raw(b'{"d":"' + b"x" * (MAX_MODEL_BYTES - 8) + b'"}')
    model = ModelPublished(**LARGEST, version=WIDE, model=document, author=WIDE)
    for event in (correction, contact, account, override, model):
        for entry in entries(event):
            assert len(encode(entry.value)) + BATCH_BYTES < largest_of(entry.topic), (type(event), entry.topic)


def largest_of(topic: str) -> int:
    """The largest record that a topic takes; what Kafka says where we do not."""
    return TOPICS[topic].max_message_bytes or 1_048_588


def test_an_erased_contact_loses_its_labelled_examples() -> None:
    assert Entry(SUPPORT_LABELLED_EXAMPLES, b"acme/c", None) in entries(ContactErased(**BASE, contact="c"))
