"""What holds for every component, whatever it measures."""

import re
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.health.apply import apply
from models.health.assess import assess
from models.health.components.component import Component
from models.health.components.factor import Factor
from models.health.components.registry import COMPONENTS, GRADED, NAMES
from models.health.daily import audit
from models.health.errors import ModelError
from models.health.facts.sections import CLOCK
from models.health.model import DEFAULT_MODEL
from models.health.state import ContactState, decode, encode
from schemas.base import from_milliseconds, to_milliseconds
from schemas.signals import ContactFact
from tests.unit.models.health import building as b
from tests.unit.models.health.building import Row
from tests.unit.models.health.components.measuring import EVERYTHING, HISTORIES, brief, crowd, factor, measured, model

# Every component as it is by default, and with each parameter that changes what it looks at.
VARIANTS: list[Component] = [factor(name) for name in COMPONENTS]
VARIANTS += [
    factor("csat", source="mean_60d"),
    factor("ticket_count", window_days=None),
    factor("ticket_count", window_days=7),
    factor("ticket_trend", min_history=1, good=0.5, poor=9),
    factor("severity_trend", good=-3, poor=3),
    factor("response_time", statistic="median", good=0, poor=100),
    factor("tenure", good=0.5, poor=13.25),
    factor("tenure", good=-3, poor=-1),
    factor("unanswered", good=30, poor=2.5),
    factor("tone", messages=64),
]
FACTORS = [name for name, kind in COMPONENTS.items() if issubclass(kind, Factor)]
CROWDED = encode(Row(*crowd()).facts)
DAYS = st.floats(0, 250)


def row_of(facts: list[ContactFact], crowded: bool) -> ContactState:
    state = decode(CROWDED) if crowded else ContactState()
    for fact in facts:
        apply(state, fact, b.CONTACT, max(state.now, to_milliseconds(fact.occurred_at)))
    return state


@brief
@given(HISTORIES, st.booleans(), DAYS, st.floats(0, 1))
def test_time_alone_changes_nothing_before_the_next_change(
    facts: list[ContactFact], crowded: bool, days: float, part: float
) -> None:
    state = row_of(facts, crowded)
    for component in VARIANTS:
        now = b.ms(days)
        for _ in range(12):
            value, until = component.measure(state, now), component.next_change(state, now)
            if until is None:
                for later in (1, 15, 61, 75, 400):
                    assert component.measure(state, now + later * b.DAY) == value
                    assert component.next_change(state, now + later * b.DAY) is None
                break
            assert until > now
            for then in (until - 1, now + int((until - 1 - now) * part)):
                assert component.measure(state, then) == value, component
                assert component.next_change(state, then) == until, component
            now = until


@brief
@given(HISTORIES, st.booleans(), st.floats(0, 30))
def test_a_component_changes_only_with_the_sections_that_it_reads(
    facts: list[ContactFact], crowded: bool, later: float
) -> None:
    state = decode(CROWDED) if crowded else ContactState()
    now = b.ms(120 + later)
    for fact in facts:
        before = [component.measure(state, now) for component in VARIANTS]
        nexts = [component.next_change(state, now) for component in VARIANTS]
        changed = apply(state, fact, b.CONTACT, now)
        for component, old, next_change in zip(VARIANTS, before, nexts, strict=True):
            if not component.reads & changed:
                assert component.measure(state, now) == old, (component, fact)
                assert component.next_change(state, now) == next_change, (component, fact)


@pytest.mark.parametrize("component", VARIANTS, ids=repr)
def test_a_component_without_a_clock_never_changes_by_time(component: Component) -> None:
    state = row_of([], crowded=True)
    if not component.reads & CLOCK:
        assert component.next_change(state, b.ms(70)) is None
        assert component.measure(state, b.ms(70)) == component.measure(state, b.ms(700))


@brief
@given(HISTORIES, st.booleans(), DAYS)
def test_values_lie_between_0_and_1_and_points_sum_with_every_component_on(
    facts: list[ContactFact], crowded: bool, days: float
) -> None:
    assessed = assess(row_of(facts, crowded), EVERYTHING, b.ms(days))
    if assessed is None:
        return
    assert abs(sum(assessed.points.values()) - assessed.score_raw) <= 1e-9
    present = [one for one in assessed.components if one is not None]
    assert all(0 <= one.value <= 1 and one.observations >= 0 for one in present)


@brief
@given(HISTORIES, DAYS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter_with_every_component_on(
    facts: list[ContactFact], days: float, random: Random
) -> None:
    shuffled = facts.copy()
    random.shuffle(shuffled)
    then = b.ms(120 + days)
    one, other = (assess(row_of(each, crowded=False), EVERYTHING, then) for each in (facts, shuffled))
    assert one == other


@brief
@given(HISTORIES, st.lists(st.floats(0, 10), min_size=40, max_size=40))
def test_what_is_published_is_what_the_facts_say_with_every_component_on(
    facts: list[ContactFact], waits: list[float]
) -> None:
    row, at = Row(model=EVERYTHING), 0.0
    for number, (fact, wait) in enumerate(zip(facts, waits, strict=False)):
        at += wait
        if number % 3:
            row.feed(fact, at=at)
        elif row.state is not None:
            row.tick(at)
        if row.state is None:
            continue
        published = row.facts.published
        assessed = assess(row.facts, EVERYTHING, max(row.facts.now, b.ms(at)))
        assert (published is None) == (assessed is None)
        if published is not None and assessed is not None:
            assert published.components == assessed.components
            assert audit(row.facts, EVERYTHING)


def test_a_fact_that_changes_nothing_yet_may_shorten_the_time_that_a_score_holds_and_says_so() -> None:
    row = Row(model=model(unanswered={}))
    for fact in (b.opened(0, "t", opened_by="agent"), b.replied(1, "t", "agent"), b.solved(1.5, "t")):
        row.feed(fact)
    before = row.feed(b.answer(1.6, 5)).score
    assert before is not None
    assert before.next_decay_at is None
    assert row.facts.published is not None
    assert row.facts.published.changes == [None]
    record = row.feed(b.reopened(2, "t", reopened_by="agent")).score
    assert record is not None
    assert (record.components, record.next_decay_at) == (before.components, from_milliseconds(b.ms(5)))
    reaction = row.tick(11)
    assert reaction.score is not None
    assert reaction.score.components["unanswered"].grade == "average"


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_lives_in_a_file_of_its_name_and_says_what_it_is(name: str) -> None:
    kind = COMPONENTS[name]
    assert kind.__module__ == f"models.health.components.{name}"
    assert kind.__doc__
    assert kind.name == name


def test_codes_are_unique_and_never_change() -> None:
    assert NAMES == {
        1: "nps",
        2: "csat",
        3: "sentiment",
        4: "engagement",
        5: "csat_mean",
        6: "open_tickets",
        7: "ticket_count",
        8: "ticket_trend",
        9: "severity",
        10: "severity_trend",
        11: "response_time",
        12: "resolution_time",
        13: "ces",
        14: "reviews",
        15: "tenure",
        16: "tone",
        17: "unanswered",
        18: "interactions_per_ticket",
        19: "support_load",
    }


def test_the_default_model_has_no_factor() -> None:
    assert not [one for one in DEFAULT_MODEL.components if one.grades]


@pytest.mark.parametrize("name", FACTORS)
def test_equal_thresholds_are_refused_by_name(name: str) -> None:
    with pytest.raises(ModelError, match=re.escape(f"components.{name}: `good` and `poor` must differ")):
        factor(name, good=2, poor=2)


@pytest.mark.parametrize("name", FACTORS)
def test_a_factor_says_what_is_wrong_with_its_parameters(name: str) -> None:
    with pytest.raises(ModelError, match=rf"components\.{name}\.good: .*`str`"):
        factor(name, good="much")
    with pytest.raises(ModelError, match=rf"components\.{name}: .*best"):
        factor(name, best=1)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_value_is_1_from_good_on_0_from_poor_on_and_never_turns_between(
    good: float, poor: float, one: float, other: float
) -> None:
    if good == poor:
        return
    rated = factor("ces", good=good, poor=poor)
    assert isinstance(rated, Factor)
    values = [rated.rated(raw, 1, 0).value for raw in sorted((one, other), reverse=good < poor)]
    assert values == sorted(values)
    assert (rated.rated(good, 1, 0).value, rated.rated(poor, 1, 0).value) == (1, 0)


@pytest.mark.parametrize(("effort", "grade"), [(7, "good"), (4, "average"), (1, "poor")])
def test_the_class_of_a_factor_is_published_beside_its_value(effort: float, grade: str) -> None:
    score = Row(model=model(ces={}, nps={})).feed(b.answer(0, effort, "ces", (1, 7))).score
    assert score is not None
    assert score.components["ces"].grade == grade


def test_a_component_without_thresholds_has_no_class_on_the_wire() -> None:
    score = Row().feed(b.answer(0, 9)).score
    assert score is not None
    assert b"grade" not in msgspec.json.encode(score)
    assert not GRADED & {one.code for one in DEFAULT_MODEL.components}


@pytest.mark.parametrize("name", list(COMPONENTS))
def test_without_any_fact_there_is_no_value(name: str) -> None:
    assert measured(name, 0) is None
