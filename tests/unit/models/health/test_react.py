"""What goes out of a row when a signal comes (2-scoring §2, §6; 8-log-and-state, "A change and its cause")."""

import pytest

from models.health.assess import assess
from models.health.model import DEFAULT_MODEL, parse_model
from models.health.react import react, remodel
from schemas.base import from_milliseconds
from schemas.event_ids import event_id
from schemas.scores import BandChanged, Cause, ScoreUpdated
from schemas.signals import ContactFact, Signal
from tests.unit.models.health.building import (
    Row,
    Whose,
    answer,
    cleared,
    message,
    ms,
    opened,
    override,
    profile,
    replied,
    solved,
    updated,
)


def score(row: Row, fact: ContactFact, at: float | None = None) -> ScoreUpdated:
    """The score record that a fact makes."""
    record = row.feed(fact, at).score
    assert record is not None
    return record


def band(row: Row, fact: ContactFact) -> BandChanged:
    record = row.feed(fact).band
    assert record is not None
    return record


def test_a_score_record_explains_itself() -> None:
    row = Row(message(0, "positive"), profile(0.1, account="acme-gmbh", csm="carol", team="north", division="emea"))
    record = score(row, answer(1, 2, event="answer-1"))
    assert (record.tenant, record.contact, record.seq, record.mode) == ("acme", "ada", 3, "live")
    assert record.event_id == event_id("acme", "ada", "score", 3)
    assert (record.score, record.score_raw, record.band, record.computed_band) == (
        73,
        73.3333333333,
        "healthy",
        "healthy",
    )
    assert (record.facts, record.confidence, record.coverage) == (2, "low", 0.75)
    assert record.cause == Cause(type="survey.answered", id="answer-1")
    assert (record.account, record.csm, record.team, record.division) == ("acme-gmbh", "carol", "north", "emea")
    assert (record.previous_score, record.model, record.trend) == (100, "default", "insufficient_history")
    assert record.at == record.last_activity_at == from_milliseconds(ms(1))
    assert record.next_decay_at == from_milliseconds(ms(8) + 1)
    assert list(record.components) == ["nps", "sentiment", "engagement"]
    nps = record.components["nps"]
    assert (nps.value, nps.observations, nps.last_at) == (0.2, 1, from_milliseconds(ms(1)))
    assert nps.weight == pytest.approx(1 / 3)
    assert nps.points == pytest.approx(20 / 3)


def test_the_first_record_changes_the_score_from_nothing() -> None:
    record = score(Row(), message(0, "positive"))
    assert record.change.total == 100.0
    assert record.change.by_decay == {}
    assert record.change.by_signal == {"sentiment": 50.0, "engagement": 50.0}
    assert (record.seq, record.previous_score) == (1, None)


def test_an_agents_message_after_eight_days_publishes_a_decay_and_says_so() -> None:
    row = Row(message(0, "positive"))
    record = score(row, message(8, None, author="agent", event="hello"))
    assert record.change.by_decay == {"engagement": pytest.approx(-10.0)}
    assert record.change.by_signal == {}
    assert record.cause == Cause(type="message.classified", id="hello")


def test_decay_and_signal_are_told_apart() -> None:
    row = Row(message(0, "positive"))
    record = score(row, message(8, "negative", conversation="new"))
    assert record.change.by_decay == {"engagement": pytest.approx(-10.0)}
    assert record.change.by_signal == {"engagement": pytest.approx(10.0), "sentiment": pytest.approx(-25.0)}
    assert record.change.total == pytest.approx(-25.0)


def test_a_component_that_appears_takes_points_from_the_others() -> None:
    row = Row(message(0, "positive"))
    record = score(row, answer(0.5, 0))
    assert record.change.by_signal == {"sentiment": pytest.approx(-50 / 3), "engagement": pytest.approx(-50 / 3)}


def test_an_answer_that_turns_out_to_be_of_another_kind_moves_all_its_points() -> None:
    row = Row(answer(0, 10, answer="a"))
    record = score(row, answer(1, 4, "csat", answer="a"))
    assert record.change.by_signal == {"nps": -50.0, "csat": 20.0}
    assert record.change.total == -30.0


def test_a_repeated_event_publishes_nothing() -> None:
    row = Row(message(0, "positive"), answer(1, 7))
    for fact in (message(0, "positive"), answer(1, 7)):
        reaction = row.feed(fact, at=1)
        assert (reaction.score, reaction.changed) == (None, False)


def test_a_fact_that_no_record_shows_publishes_nothing_but_is_written() -> None:
    row = Row(opened(0, "t"))
    for fact in (updated(0.1, "t", severity="high"), replied(0.2, "t", "agent"), solved(0.3, "t")):
        reaction = row.feed(fact)
        assert (reaction.score, reaction.changed) == (None, True)


def test_a_newer_activity_is_published_even_when_the_score_stands() -> None:
    row = Row(message(0, None))
    record = score(row, replied(1, "t", "customer"))
    assert record.change.total == 0.0
    assert record.last_activity_at == from_milliseconds(ms(1))


def test_a_change_of_account_is_published_and_a_change_of_role_is_not() -> None:
    row = Row(message(0), profile(0.1, account="a"))
    assert row.feed(profile(0.2, account="a", role="buyer")).score is None
    assert score(row, profile(0.3, account="b")).account == "b"


def test_a_late_fact_corrects_the_score_at_once() -> None:
    row = Row(message(20, "positive"))
    record = score(row, answer(1, 0), at=20)
    assert record.score == 67
    assert record.at == from_milliseconds(ms(20))


def test_a_row_never_goes_back_in_time() -> None:
    row = Row(message(20, "positive"))
    row.feed(answer(1, 0), at=10)
    assert row.facts.now == ms(20)


def test_seq_counts_the_score_records() -> None:
    row = Row()
    assert [score(row, message(day)).seq for day in range(3)] == [1, 2, 3]


def test_a_band_change_goes_out_with_the_score_that_makes_it() -> None:
    row = Row()
    first = band(row, message(0, "positive"))
    assert (first.direction, first.from_band, first.to_band, first.seq) == ("initial", None, "champion", 1)
    assert first.event_id == event_id("acme", "ada", "band", 1)
    declined = band(row, answer(1, 0, event="bad"))
    assert (declined.direction, declined.from_band, declined.to_band) == ("declined", "champion", "healthy")
    assert (declined.score, declined.previous_score) == (67, 100)
    assert declined.cause == Cause(type="survey.answered", id="bad")
    assert band(row, answer(2, 10)).direction == "improved"
    assert row.feed(message(3, "positive")).band is None


def test_an_override_shows_in_band_beside_the_computed_one() -> None:
    row = Row(message(0, "positive"))
    reaction = row.feed(override(1, "danger"))
    assert reaction.score is not None
    assert (reaction.score.band, reaction.score.computed_band, reaction.score.score) == ("at_risk", "champion", 100)
    assert reaction.score.cause == Cause(type="override")
    assert reaction.score.change.total == 0.0
    assert reaction.band is not None
    assert reaction.band.direction == "declined"
    assert band(row, cleared(2)).to_band == "champion"


def test_an_override_ends_by_itself() -> None:
    row = Row(message(0, "positive"), override(0.1, "at_risk", expires_at=from_milliseconds(ms(1))))
    assert row.at(0.999).band == "at_risk"
    assert row.at(1).band == "champion"
    assert row.tick(1.2).band is not None


def test_an_override_of_a_contact_without_a_score_waits_for_one() -> None:
    row = Row()
    assert row.feed(override(0, "at_risk")).score is None
    assert score(row, message(1, "positive")).band == "at_risk"


def test_an_import_is_marked_as_one() -> None:
    _, reaction = react(None, Whose(), Signal(at=ms(0), mode="import", fact=message(0)), ms(0), DEFAULT_MODEL)
    assert reaction.score is not None
    assert reaction.band is not None
    assert reaction.score.mode == reaction.band.mode == "import"


def test_a_new_model_rescores_with_its_own_cause_and_all_of_the_change_is_its() -> None:
    row = Row(message(0, "positive"), answer(0, 2))
    model = parse_model(b'{"version":"strict","components":{"nps":{"weight":3},"engagement":{"weight":1}}}')
    reaction = remodel(row.facts, Whose(), model, ms(8), "live")
    record = reaction.score
    assert record is not None
    assert (record.model, record.cause) == ("strict", Cause(type="model_change"))
    assert record.score_raw == 35.0
    assert record.change.by_decay == {}
    assert sum(record.change.by_signal.values()) == pytest.approx(record.change.total)
    assert record.change.by_signal["sentiment"] == pytest.approx(-100 / 3)
    assert assess(row.facts, model, ms(8)) is not None
    assert remodel(row.facts, Whose(), model, ms(9), "live").score is None


def test_a_score_that_loses_all_its_data_is_taken_back() -> None:
    model = parse_model(b'{"version":"m","components":{"csat":{"source":"mean_60d"}}}')
    row = Row(answer(0, 5, "csat", (1, 5)), model=model)
    reaction = row.tick(61)
    assert (reaction.tombstone, reaction.tombstone_of, reaction.changed) == (True, "champion", True)
    assert reaction.score is None
    again = score(row, answer(62, 4, "csat", (1, 5)))
    assert (again.seq, again.previous_score, again.change.total) == (2, None, 75.0)


def test_a_row_knows_since_when_the_contact_is_at_risk() -> None:
    row = Row(message(0, "negative"))
    assert row.facts.at_risk_since is None
    row.tick(61)
    assert row.facts.at_risk_since == ms(61)
    row.feed(message(62, "positive"))
    assert row.facts.at_risk_since is None
