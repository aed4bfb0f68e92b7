"""The four components of the default model (2-scoring §2)."""

from itertools import pairwise

import pytest

from models.health.components.csat import Csat
from models.health.components.engagement import Engagement
from models.health.components.nps import Nps
from models.health.components.sentiment import Sentiment
from models.health.model import parse_model
from schemas.base import AuthorKind, SentimentLabel, SurveyKind
from schemas.signals import ContactFact
from tests.unit.models.health.building import (
    Row,
    answer,
    corrected,
    message,
    opened,
    override,
    profile,
    reopened,
    replied,
    review,
    solved,
    updated,
)

NPS, CSAT, SENTIMENT, ENGAGEMENT = Nps.code, Csat.code, Sentiment.code, Engagement.code
MEAN_60D = parse_model(b'{"version":"m","components":{"csat":{"source":"mean_60d"},"engagement":{}}}')


def test_nps_is_the_latest_answer_out_of_ten() -> None:
    assert Row(answer(0, 9), answer(1, 7)).value(NPS, 1) == 0.7


def test_a_late_survey_does_not_replace_a_newer_one() -> None:
    assert Row(answer(2, 7), answer(1, 3)).value(NPS, 2) == 0.7


def test_of_answers_at_the_same_time_the_greater_event_id_counts() -> None:
    first, second = answer(1, 3, event="a-10"), answer(1, 8, event="a-9")
    assert Row(first, second).value(NPS, 1) == Row(second, first).value(NPS, 1) == 0.8


def test_of_two_readings_of_a_message_at_the_same_time_the_more_positive_counts_whatever_the_event_ids() -> None:
    ordered: list[SentimentLabel | None] = [None, "negative", "neutral", "positive"]
    for lower, higher in pairwise(ordered):
        one, other = (message(1, label, message="m", event=event) for label, event in ((lower, "z"), (higher, "a")))
        expected = Row(other).facts.messages
        assert Row(one, other).facts.messages == Row(other, one).facts.messages == expected


def test_of_two_equal_readings_at_the_same_time_the_tones_and_then_the_confidence_decide() -> None:
    plain, sad, happy, sure = (
        message(1, "negative", message="m", event=event, tones=tones, confidence=confidence)
        for event, tones, confidence in (
            ("d", (), 1),
            ("c", ("sad",), 0.9),
            ("b", ("happy",), 0.1),
            ("a", ("happy",), 0.2),
        )
    )
    for lower, higher in pairwise((plain, sad, happy, sure)):
        expected = Row(higher).facts.messages
        assert Row(lower, higher).facts.messages == Row(higher, lower).facts.messages == expected


@pytest.mark.parametrize(
    ("kind", "value", "scale", "share"),
    [
        ("csat", 4, (1, 5), 0.75),
        ("csat", 80, (0, 100), 0.8),
        ("star", 2, (1, 5), 0.25),
        ("thumbs", 0, (0, 1), 0.0),
        ("thumbs", 1, (0, 1), 1.0),
    ],
)
def test_csat_is_the_latest_of_csat_star_and_thumbs_on_its_own_scale(
    kind: SurveyKind, value: float, scale: tuple[float, float], share: float
) -> None:
    row = Row(answer(0, 3, "csat", (1, 5)), answer(0.5, 1, "star", (1, 5)), answer(1, value, kind, scale))
    assert row.value(CSAT, 1) == share


def test_an_effort_score_is_neither_nps_nor_csat() -> None:
    row = Row(answer(0, 6, "ces", (1, 7)))
    assert (row.value(NPS, 0), row.value(CSAT, 0)) == (None, None)


def test_mean_60d_is_the_average_of_the_last_sixty_days() -> None:
    row = Row(
        answer(0, 1, "csat", (1, 5)), answer(30, 5, "star", (1, 5)), answer(50, 0, "thumbs", (0, 1)), model=MEAN_60D
    )
    assert row.value(CSAT, 60) == pytest.approx(1 / 3)
    assert row.value(CSAT, 60.1) == 0.5


def test_mean_60d_without_an_answer_in_sixty_days_is_missing_data() -> None:
    row = Row(answer(0, 5, "csat", (1, 5)), model=MEAN_60D)
    assert row.value(CSAT, 61) is None
    assert row.at(61).score == 20


def test_a_conversation_is_the_mean_of_its_customer_messages_and_sentiment_the_mean_of_conversations() -> None:
    row = Row(
        message(0, "positive", conversation="a"),
        message(0.1, "negative", conversation="a"),
        message(0.2, "neutral", conversation="a"),
        message(0.3, "neutral", conversation="a"),
        message(1, "positive", conversation="b"),
    )
    assert row.value(SENTIMENT, 1) == 0.75


def test_only_the_last_five_conversations_count_by_their_last_customer_message() -> None:
    row = Row(message(0, "negative", conversation="old"))
    for day in range(1, 6):
        row.feed(message(day, "positive", conversation=f"c{day}"))
    assert row.value(SENTIMENT, 5) == 1.0
    row.feed(message(6, "negative", conversation="old"))
    assert row.value(SENTIMENT, 6) == 0.8


def test_an_agents_message_does_not_make_a_conversation_recent() -> None:
    row = Row(message(0, "negative", conversation="old"))
    for day in range(1, 6):
        row.feed(message(day, "positive", conversation=f"c{day}"))
    row.feed(message(6, None, author="agent", conversation="old"))
    assert row.value(SENTIMENT, 6) == 1.0


@pytest.mark.parametrize("author", ["agent", "bot", "system"])
def test_agents_bots_and_system_messages_never_count_even_when_labelled(author: AuthorKind) -> None:
    row = Row(message(0, "positive"), message(0.1, "negative", author=author))
    row.feed(corrected(1, f"m0.1-{author}", "negative"))
    assert row.value(SENTIMENT, 1) == 1.0


def test_a_message_without_a_label_counts_for_nothing() -> None:
    row = Row(message(0, "positive"), message(0.1, None))
    assert row.value(SENTIMENT, 1) == 1.0
    assert Row(message(0, None)).value(SENTIMENT, 0) is None


def test_a_message_belongs_to_its_conversation_else_to_its_tickets_else_to_its_day() -> None:
    row = Row(
        message(0, "positive", conversation="c", ticket="t"),
        message(1, "negative", ticket="t"),
        message(1.1, "negative", ticket="t", message="again"),
        message(2, "positive"),
        message(2.9, "negative"),
        message(3, "positive"),
    )
    assert row.value(SENTIMENT, 3) == pytest.approx((1 + 0 + 0.5 + 1) / 4)


def test_a_conversation_and_a_ticket_of_the_same_name_are_two() -> None:
    row = Row(message(0, "positive", conversation="17"), *[message(n, "negative", ticket="17") for n in (1, 2, 3)])
    assert row.value(SENTIMENT, 3) == 0.5


@pytest.mark.parametrize("correction_first", [False, True])
def test_a_correction_counts_in_full_whether_it_comes_before_or_after_its_message(correction_first: bool) -> None:
    facts = [message(0, "negative", message="m"), corrected(1, "m", "positive")]
    row = Row(*(reversed(facts) if correction_first else facts))
    assert row.value(SENTIMENT, 1) == 1.0


def test_the_latest_correction_of_a_message_counts() -> None:
    row = Row(message(0, "negative", message="m"), corrected(2, "m", "neutral"), corrected(1, "m", "positive"))
    assert row.value(SENTIMENT, 2) == 0.5


def test_a_correction_gives_a_label_to_a_message_that_had_none() -> None:
    row = Row(message(0, None, message="m"), corrected(1, "m", "negative"))
    assert row.value(SENTIMENT, 1) == 0.0


@pytest.mark.parametrize(
    ("age", "value"),
    [
        (0, 1.0),
        (7, 1.0),
        (7.001, 0.8),
        (14, 0.8),
        (14.001, 0.6),
        (30, 0.6),
        (30.001, 0.4),
        (60, 0.4),
        (60.001, 0.2),
        (90, 0.2),
        (90.001, 0.0),
        (4000, 0.0),
    ],
)
def test_engagement_falls_in_steps_and_silence_ends_at_zero(age: float, value: float) -> None:
    assert Row(message(0)).value(ENGAGEMENT, age) == value


def test_an_activity_ahead_of_the_clock_is_as_fresh_as_can_be() -> None:
    assert Row(message(0.9)).value(ENGAGEMENT, 0) == 1.0


@pytest.mark.parametrize(
    "fact",
    [
        message(20),
        answer(20, 5),
        answer(20, 5, "ces", (1, 7)),
        review(20, "site", 4),
        opened(20, "t"),
        reopened(20, "t"),
        replied(20, "t", "customer"),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_what_the_contact_does_is_activity(fact: ContactFact) -> None:
    assert Row(message(0), fact).value(ENGAGEMENT, 20) == 1.0


@pytest.mark.parametrize(
    "fact",
    [
        message(20, None, author="agent"),
        message(20, None, author="bot"),
        message(20, None, author="system"),
        opened(20, "t", opened_by="agent"),
        reopened(20, "t", reopened_by="system"),
        replied(20, "t", "agent"),
        updated(20, "t", status="pending"),
        solved(20, "t"),
        profile(20, account="a"),
        override(20, "champion"),
        corrected(20, "m", "positive"),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_what_others_do_is_not_the_contacts_activity(fact: ContactFact) -> None:
    assert Row(message(0), fact).value(ENGAGEMENT, 20) == 0.6


def test_a_late_activity_does_not_make_the_contact_look_silent() -> None:
    assert Row(message(20), message(0)).value(ENGAGEMENT, 20) == 1.0
