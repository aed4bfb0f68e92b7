"""From components to a score, a band, a trend (2-scoring §2)."""

import pytest

from models.health.assess import confidence
from models.health.bands import AT_RISK, BANDS, CHAMPION, HEALTHY, NEEDS_ATTENTION, BandEdges, direction, rounded
from models.health.model import parse_model
from models.health.reaction import Reaction
from schemas.base import from_milliseconds
from tests.unit.models.health.building import Row, answer, message, ms, opened, profile, replied, review, updated

ONLY_NPS = parse_model(b'{"version":"v","components":{"nps":{}}}')


def test_four_components_weigh_a_quarter_each() -> None:
    row = Row(message(0, "positive"), answer(0.1, 5), answer(0.2, 3, "csat", (1, 5)))
    score = row.at(0.2)
    assert score.score_raw == 100 * (0.5 + 0.5 + 1 + 1) / 4
    assert list(score.points.values()) == [12.5, 12.5, 25.0, 25.0]


def test_the_weight_of_a_missing_component_falls_to_the_others() -> None:
    row = Row(answer(0, 5))
    score = row.at(0)
    assert score.score_raw == 75.0
    assert score.points == {1: 25.0, 4: 50.0}


def test_without_any_component_there_is_no_score() -> None:
    row = Row()
    reaction = row.feed(profile(0, account="a"))
    assert reaction == Reaction(changed=True, sections=reaction.sections)


def test_a_silent_contact_has_a_score_of_zero_not_none() -> None:
    row = Row(opened(0, "t"))
    assert row.at(91).score == 0
    assert row.at(91).band == "at_risk"


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0, "at_risk"),
        (30, "at_risk"),
        (31, "needs_attention"),
        (60, "needs_attention"),
        (61, "healthy"),
        (80, "healthy"),
        (81, "champion"),
        (100, "champion"),
    ],
)
def test_bands_begin_and_end_where_the_specification_says(score: int, band: str) -> None:
    assert BANDS[BandEdges().band(score)] == band


@pytest.mark.parametrize(
    ("raw", "score", "band"),
    [
        (30.4999, 30, "at_risk"),
        (30.5, 31, "needs_attention"),
        (60.4999, 60, "needs_attention"),
        (60.5, 61, "healthy"),
        (80.4999, 80, "healthy"),
        (80.5, 81, "champion"),
        (99.5, 100, "champion"),
    ],
)
def test_half_a_point_rounds_up_once_and_the_band_is_read_off_the_rounded_score(
    raw: float, score: int, band: str
) -> None:
    assert rounded(raw) == score
    assessed = Row(answer(0, raw, scale=(0, 100)), model=ONLY_NPS).at(0)
    assert (assessed.score, assessed.band) == (score, band)


def test_what_floats_add_in_the_sixteenth_decimal_does_not_decide_a_band() -> None:
    model = parse_model(b'{"version":"v","components":{"nps":{"weight":0.1},"csat":{"weight":0.2},"engagement":{}}}')
    for tenths in range(11):
        row = Row(answer(0, tenths), answer(0, tenths, "csat"), model=model)
        raw = row.at(0).score_raw
        assert raw == round(raw, 10)


@pytest.mark.parametrize(("facts", "word"), [(1, "low"), (4, "low"), (5, "medium"), (14, "medium"), (15, "high")])
def test_confidence_says_how_many_facts_stand_behind_a_score(facts: int, word: str) -> None:
    assert confidence(facts) == word
    row = Row(*[message(day) for day in range(facts)])
    assert confidence(row.at(facts).facts) == word


def test_facts_are_own_messages_answers_tickets_and_reviews_each_once() -> None:
    row = Row(
        message(0),
        message(0),
        message(1, None, author="agent"),
        answer(2, 5, event="a"),
        answer(2, 5, event="a"),
        opened(3, "t"),
        replied(3.5, "t", "agent"),
        review(4, "site", 3),
        review(5, "site", 4),
    )
    assert row.at(5).facts == 4


def test_a_ticket_that_has_left_is_no_fact_of_this_contact() -> None:
    row = Row(opened(0, "t"), updated(1, "t", contact="bob", previous_contact="ada"))
    assert row.at(1).facts == 0


def test_coverage_is_the_share_of_the_weight_that_has_data() -> None:
    reaction = Row().feed(answer(0, 5))
    assert reaction.score is not None
    assert reaction.score.coverage == 0.5


def _with_close(before: int, later: int) -> str:
    """The trend of a contact whose score went from one to the other between two days."""
    row = Row(answer(0, before, scale=(0, 100)), model=ONLY_NPS)
    row.tick(0.5)
    row.feed(answer(1, later, scale=(0, 100)))
    return row.at(7.5).trend


@pytest.mark.parametrize(
    ("before", "later", "trend"),
    [
        (50, 55, "improving"),
        (50, 54, "stable"),
        (50, 50, "stable"),
        (50, 46, "stable"),
        (50, 45, "declining"),
        (0, 100, "improving"),
    ],
)
def test_the_trend_compares_with_the_close_seven_days_ago(before: int, later: int, trend: str) -> None:
    assert _with_close(before, later) == trend


def test_without_a_close_at_or_before_seven_days_ago_history_is_insufficient() -> None:
    row = Row(answer(0, 5), model=ONLY_NPS)
    row.tick(0.5)
    assert row.at(7.499).trend == "insufficient_history"
    assert row.at(7.5).trend == "stable"


def test_the_close_in_force_seven_days_ago_counts_not_an_older_one() -> None:
    row = Row(answer(0, 10), model=ONLY_NPS)
    row.tick(0.5)
    row.feed(answer(1, 1))
    row.tick(1.5)
    assert row.at(8.4).trend == "declining"
    assert row.at(8.5).trend == "stable"


def test_a_direction_is_told_of_a_change_of_band() -> None:
    assert direction(None, AT_RISK) == "initial"
    assert direction(CHAMPION, HEALTHY) == "declined"
    assert direction(AT_RISK, NEEDS_ATTENTION) == "improved"


def test_score_if_silent_is_the_score_at_next_decay_at() -> None:
    row = Row(message(0, "positive"), answer(1, 4))
    for day in (1.0, 9.0, 20.0, 40.0, 70.0):
        reaction = row.feed(answer(day, 4 + day / 100, event=f"n{day}"))
        assert reaction.score is not None
        assert reaction.score.next_decay_at == from_milliseconds(ms(day) + 7 * 86_400_000 + 1)
        assert reaction.score.score_if_silent == row.at(day + 7.0001).score
        assert row.at(day + 7).score == reaction.score.score


def test_after_ninety_days_of_silence_nothing_decays_any_more() -> None:
    row = Row(message(0, "positive"))
    reaction = row.tick(95)
    assert reaction.score is not None
    assert (reaction.score.next_decay_at, reaction.score.score_if_silent) == (None, None)
