"""The factors that answers, messages and the profile are measured by (2-scoring §3)."""

import pytest

from schemas.base import SentimentLabel, SurveyKind, from_milliseconds
from schemas.messages import MessageClassified
from tests.unit.models.health import building as b
from tests.unit.models.health.building import answer, closed, message, opened, profile, replied, review, solved
from tests.unit.models.health.components.measuring import crowd, measured, value

SHARES = {"good": 1, "poor": 0}
"""Thresholds at the ends of a scale: the value is the share."""


def test_csat_mean_is_the_mean_of_csat_star_and_thumbs_of_the_window() -> None:
    facts = [answer(0, 5, "csat", (1, 5)), answer(30, 2, "star", (1, 5)), answer(50, 0, "thumbs", (0, 1))]
    facts.append(answer(51, 7, "ces", (1, 7)))
    assert value("csat_mean", 60, *facts, **SHARES) == pytest.approx(1.25 / 3)
    assert value("csat_mean", 61, *facts, **SHARES) == 0.125
    assert value("csat_mean", 61, *facts, **SHARES, window_days=15) == 0.0
    assert value("csat_mean", 120, *facts) is None


@pytest.mark.parametrize(("stars", "expected"), [(5, 1.0), (4.2, 1.0), (3.4, 0.5), (2.6, 0.0), (1, 0.0)])
def test_csat_mean_falls_from_good_to_poor(stars: float, expected: float) -> None:
    assert value("csat_mean", 1, answer(0, stars, "star", (1, 5))) == pytest.approx(expected)


def test_answers_that_left_the_list_are_still_in_the_mean() -> None:
    found = measured("csat_mean", 64, *crowd(), window_days=90, **SHARES)
    assert found is not None
    assert (found.value, found.observations) == (pytest.approx(0.5), 70)


def test_ces_is_the_latest_on_its_own_scale() -> None:
    assert value("ces", 9, answer(0, 7, "ces", (1, 7)), answer(1, 3, "ces", (1, 5)), **SHARES) == 0.5
    assert value("ces", 9, answer(0, 7, "nps")) is None


def test_where_a_high_effort_score_means_much_effort_the_thresholds_turn_it() -> None:
    assert value("ces", 9, answer(0, 5, "ces", (1, 5)), good=0.2, poor=0.8) == 0.0
    assert value("ces", 9, answer(0, 2, "ces", (1, 5)), good=0.2, poor=0.8) == pytest.approx(0.55 / 0.6)


def test_reviews_is_the_mean_of_the_latest_per_site() -> None:
    facts = [review(0, "g2", 1), review(1, "g2", 4), review(0.5, "capterra", 5)]
    assert value("reviews", 2, *facts, **SHARES) == pytest.approx(0.9)
    assert value("reviews", 2, message(0)) is None


def test_tenure_is_whole_months_as_a_customer() -> None:
    fact = profile(0, customer_since=from_milliseconds(b.ms(-360)))
    assert value("tenure", 0, fact) == 0.5
    assert value("tenure", 29.9, fact) == 0.5
    assert value("tenure", 30, fact) == 13 / 24
    assert value("tenure", 4000, fact) == 1.0


def test_tenure_begins_with_the_first_activity_where_the_profile_does_not_say() -> None:
    assert value("tenure", 240, message(5), message(0), profile(9)) == 8 / 24
    assert value("tenure", 240, profile(0)) is None


def test_a_customer_of_the_future_has_no_tenure_yet() -> None:
    assert value("tenure", 0, profile(0, customer_since=from_milliseconds(b.ms(50)))) == 0.0


def upset(days: float, *tones: str, label: SentimentLabel | None = "negative") -> MessageClassified:
    return message(days, label, tones=tones)


def test_tone_is_the_share_of_frustrated_or_sad_messages() -> None:
    facts = [upset(0, "frustrated"), upset(1, "sad", "frustrated"), upset(2, "confused"), upset(3, "happy", "grateful")]
    assert value("tone", 4, *facts, good=0, poor=1) == 0.5
    assert value("tone", 4, *facts, good=0, poor=1, messages=3) == pytest.approx(2 / 3)


def test_agents_and_messages_that_nobody_classified_have_no_tone() -> None:
    facts = [upset(0, "sad"), upset(1, label=None), message(2, None, author="agent"), message(3, None, author="bot")]
    found = measured("tone", 4, *facts, messages=1, good=0, poor=1)
    assert found is not None
    assert (found.value, found.observations, found.last_at) == (0.0, 1, b.ms(0))
    assert value("tone", 4, *facts[1:]) is None


@pytest.mark.parametrize(
    ("days", "expected"), [(0, 1.0), (3.99, 1.0), (4, 10 / 11), (8.5, 6 / 11), (14, 0.0), (90, 0.0)]
)
def test_unanswered_falls_with_each_day_that_an_agents_message_waits(days: float, expected: float) -> None:
    facts = [message(-1), message(0, None, author="agent")]
    assert value("unanswered", days, *facts) == pytest.approx(expected)


def test_a_message_or_a_reply_of_the_customer_answers() -> None:
    facts = [opened(0, "t"), replied(1, "t", "agent")]
    assert value("unanswered", 15, *facts) == 0.0
    assert value("unanswered", 15, *facts, message(2)) == 1.0
    assert value("unanswered", 15, *facts, replied(2, "t", "customer")) == 1.0
    assert value("unanswered", 15, *facts, message(2, None, author="bot")) == 0.0
    assert value("unanswered", 16, *facts, message(2), message(2.5, None, author="agent")) == pytest.approx(1 / 11)


def test_nobody_waits_for_an_answer_once_all_tickets_are_settled() -> None:
    facts = [opened(0, "t"), opened(0, "u"), replied(1, "t", "agent"), solved(2, "t")]
    assert value("unanswered", 15, *facts) == 0.0
    assert value("unanswered", 15, *facts, closed(3, "u")) == 1.0


def test_before_an_agent_has_written_nobody_waits() -> None:
    assert value("unanswered", 15, message(0)) is None


@pytest.mark.parametrize("kind", ["csat", "star", "thumbs"])
def test_each_kind_of_satisfaction_counts(kind: SurveyKind) -> None:
    assert value("csat_mean", 1, answer(0, 1, kind, (0, 1))) == 1.0
