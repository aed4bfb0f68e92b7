"""Segments: the first that a contact's profile is in overrides what it names (docs/scoring.md, 6.5 and 6.6)."""

import msgspec
import pytest

from models.health.daily import audit
from models.health.model import HealthModel, parse_model
from models.health.segments import When
from schemas.scores import Cause
from tests.unit.models.health.building import Row, answer, erased, message, profile

MODEL = {
    "version": "v1",
    "components": {"nps": {"weight": 1}, "sentiment": {"weight": 1, "conversations": 3}},
    "bands": {"champion": 90},
    "exceptions": [{"name": "open", "when": {"open_ticket": {}}, "cap": 50}],
    "segments": [
        {"name": "gold", "when": {"attributes": {"plan": "gold"}}, "components": {"nps": {"weight": 3}}},
        {"name": "admins", "when": {"role": ["admin", "owner"]}, "bands": {"healthy": 70}, "exceptions": []},
        {"name": "late", "when": {"team": "x"}, "components": {"engagement": {}}},
    ],
}


def model(**changes: object) -> HealthModel:
    return parse_model(msgspec.json.encode({**MODEL, **changes}))


def segment(row: Row) -> str | None:
    return row.mine.segment


def test_a_segment_overrides_the_parameters_that_it_names_and_no_others() -> None:
    (_, gold), (_, admins), (_, late) = model().segments
    assert [(one.name, one.weight) for one in gold.components] == [("nps", 3), ("sentiment", 1)]
    assert gold.bands == model().bands
    assert (admins.bands.healthy, admins.bands.champion) == (70, 90)
    assert [one.name for one in late.components] == ["nps", "sentiment", "engagement"]
    assert late.components[1] == model().components[1]


def test_exceptions_are_the_bases_unless_a_segment_has_its_own() -> None:
    (_, gold), (_, admins), _ = model().segments
    assert [one.name for one in gold.exceptions] == ["open"]
    assert admins.exceptions == ()


def test_the_first_segment_that_a_contact_is_in_counts() -> None:
    row = Row(answer(0, 9), profile(0, role="admin", team="x"), model=model())
    assert segment(row) == "admins"
    row.feed(profile(1, role="admin", team="x", attributes={"plan": "gold"}))
    assert segment(row) == "gold"
    row.feed(profile(2, role="user"))
    assert segment(row) is None


@pytest.mark.parametrize(
    ("when", "known", "holds"),
    [
        ({"role": "admin"}, {"role": "admin"}, True),
        ({"role": "admin"}, {"role": "Admin"}, False),
        ({"role": "admin"}, {}, False),
        ({"role": ["a", "b"]}, {"role": "b"}, True),
        ({"account": "acme", "csm": "u1"}, {"account": "acme", "csm": "u1"}, True),
        ({"account": "acme", "csm": "u1"}, {"account": "acme", "csm": "u2"}, False),
        ({"decision_maker": False}, {"decision_maker": False}, True),
        ({"decision_maker": False}, {}, False),
        ({"attributes": {"seats": 1}}, {"attributes": {"seats": 1.0}}, True),
        ({"attributes": {"seats": 1}}, {"attributes": {"seats": True}}, False),
        ({"attributes": {"seats": [0, True]}}, {"attributes": {"seats": 1}}, False),
        ({"attributes": {"plan": "gold"}}, {"attributes": {"tier": "gold"}}, False),
    ],
)
def test_every_field_that_is_named_must_have_the_value(
    when: dict[str, object], known: dict[str, object], holds: bool
) -> None:
    predicate = msgspec.convert(when, When)
    assert predicate.holds(Row(profile(0, **known)).facts.profile) is holds
    assert not predicate.holds(None), "a contact without a profile is in no segment"


@pytest.mark.parametrize(
    ("when", "other", "covers"),
    [
        ({"role": "x"}, {"role": ["x"]}, True),
        ({"role": ["x", "y"]}, {"role": ["y", "x"]}, True),
        ({"role": ["x", "y"]}, {"role": "x", "team": "t"}, True),
        ({"role": "x"}, {"role": ["x", "y"]}, False),
        ({"role": "x", "team": "t"}, {"role": "x"}, False),
        ({"role": "x"}, {"team": "x"}, False),
        ({"attributes": {"seats": 1}}, {"attributes": {"seats": 1.0}}, True),
        ({"attributes": {"seats": 1}}, {"attributes": {"seats": True}}, False),
        ({"attributes": {"seats": 1}}, {"role": "x"}, False),
    ],
)
def test_a_predicate_covers_another_by_what_both_mean(
    when: dict[str, object], other: dict[str, object], covers: bool
) -> None:
    assert msgspec.convert(when, When).covers(msgspec.convert(other, When)) is covers


def test_a_profile_that_changes_the_segment_scores_the_contact_anew_and_is_the_cause() -> None:
    row = Row(answer(0, 10), message(0, "negative"), model=model())
    assert row.facts.published is not None
    assert row.facts.published.score == 50
    reaction = row.feed(profile(1, "joined", attributes={"plan": "gold"}))
    score = reaction.score
    assert score is not None
    assert (score.score, score.model, score.segment) == (75, "v1", "gold")
    assert score.cause == Cause(type="contact.updated", id="joined")
    assert score.change.by_decay == {}
    assert score.change.by_signal == {"nps": 25.0}
    assert audit(row.facts, row.mine)


def test_what_time_did_before_the_change_of_segment_is_by_the_segment_before() -> None:
    steady = model(components={"nps": {"weight": 1}, "engagement": {"weight": 1}})
    row = Row(answer(0, 10), model=steady)
    score = row.feed(profile(10, attributes={"plan": "gold"})).score
    assert score is not None
    assert score.change.by_decay == {"engagement": pytest.approx(-10.0)}
    assert score.change.by_signal == {"nps": pytest.approx(25.0), "engagement": pytest.approx(-20.0)}
    assert sum((*score.change.by_decay.values(), *score.change.by_signal.values())) == pytest.approx(score.change.total)


def test_a_profile_that_changes_no_segment_sends_nothing() -> None:
    row = Row(answer(0, 10), profile(0, attributes={"plan": "gold"}), model=model())
    assert row.feed(profile(1, role="someone else", attributes={"plan": "gold"})).score is None


def test_a_segment_that_changes_no_number_is_published_all_the_same() -> None:
    row = Row(answer(0, 10), model=model())
    score = row.feed(profile(1, role="owner")).score
    assert score is not None
    assert (score.previous_score, score.score, score.segment) == (100, 100, "admins")


def test_an_erased_contact_is_in_no_segment() -> None:
    row = Row(answer(0, 10), profile(0, attributes={"plan": "gold"}), model=model())
    row.feed(erased(1))
    assert segment(row) is None


def test_rows_name_the_segment_and_the_document_not_only_the_version() -> None:
    one, other = model(), model(description="the same version, said again otherwise")
    keys = {one.key, other.key, *(segment.key for _, segment in one.segments)}
    assert len(keys) == 5
    assert all(key.startswith("v1") for key in keys)
