"""Hard exceptions cap the score, not its components (docs/scoring.md, 6.7 and 6.8)."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.health.assess import look_ahead
from models.health.daily import audit
from models.health.model import HealthModel, parse_model
from tests.unit.models.health.building import Row, answer, message, ms, opened, override, solved, updated

URGENT = {"name": "urgent", "when": {"open_ticket": {"severity": "urgent"}}, "cap": 60}
DETRACTOR = {"name": "detractor", "when": {"answer": {"kind": "nps", "at_most": 0.6, "window_days": 10}}, "cap": 30}
SILENT = {"name": "silent", "when": {"component": {"name": "engagement", "at_most": 0.6}}, "cap": 40}


def model(*exceptions: dict[str, Any], **components: dict[str, Any]) -> HealthModel:
    document = {
        "version": "v",
        "components": components or {"nps": {"weight": 1}, "sentiment": {"weight": 9}},
        "exceptions": exceptions,
    }
    return parse_model(msgspec.json.encode(document))


def test_an_open_urgent_ticket_caps_the_score_at_60_and_solving_it_gives_the_score_back() -> None:
    row = Row(answer(0, 10), model=model(URGENT))
    capped = row.feed(opened(1, "t", severity="urgent"))
    assert capped.score is not None
    assert capped.band is not None
    assert (capped.score.score, capped.score.score_raw, capped.score.capped_by) == (60, 100.0, "urgent")
    assert (capped.score.band, capped.score.computed_band, capped.band.direction) == (
        "needs_attention",
        "needs_attention",
        "declined",
    )
    assert sum(one.points for one in capped.score.components.values()) == pytest.approx(100.0, abs=1e-9)
    assert (capped.score.change.total, capped.score.change.by_signal) == (0.0, {})
    free = row.feed(solved(2, "t"))
    assert free.score is not None
    assert (free.score.score, free.score.previous_score, free.score.capped_by) == (100, 60, None)


@pytest.mark.parametrize(
    ("severity", "count", "holds"),
    [
        (None, 1, True),
        ("high", 1, True),
        ("urgent", 1, False),
        ("low", 2, True),
        ("normal", 2, False),
        (None, 4, False),
    ],
)
def test_tickets_count_that_are_as_severe_or_more_so(severity: str | None, count: int, holds: bool) -> None:
    condition = {"count": count} if severity is None else {"severity": severity, "count": count}
    row = Row(
        answer(0, 10),
        opened(1, "low", severity="low"),
        opened(1, "high", severity="high"),
        updated(1, "unknown", status="pending"),
        opened(1, "done", severity="urgent"),
        solved(2, "done"),
        model=model({"name": "x", "when": {"open_ticket": condition}, "cap": 9}),
    )
    assert (row.at(3).capped_by == "x") is holds


def test_a_ticket_that_becomes_urgent_caps_and_one_that_leaves_does_not() -> None:
    row = Row(answer(0, 10), opened(1, "t"), model=model(URGENT))
    assert row.at(1).capped_by is None
    assert row.feed(updated(2, "t", severity="urgent")).score is not None
    assert row.at(2).capped_by == "urgent"
    row.feed(updated(3, "t", contact="someone else"))
    assert row.at(3).capped_by is None


def test_the_lowest_cap_counts_and_of_equal_ones_the_first() -> None:
    same = {**URGENT, "name": "second", "cap": 30}
    row = Row(
        answer(0, 3), message(0, "positive"), opened(1, "t", severity="urgent"), model=model(URGENT, DETRACTOR, same)
    )
    assert (row.at(1).score, row.at(1).capped_by) == (30, "detractor")


def test_a_score_below_the_cap_is_as_it_is() -> None:
    row = Row(answer(0, 2), opened(1, "t", severity="urgent"), model=model(URGENT))
    assert (row.at(1).score, row.at(1).capped_by) == (20, None)


def test_a_cap_by_an_answer_ends_with_its_window_at_the_tick() -> None:
    row = Row(answer(0, 3), message(0, "positive"), model=model(DETRACTOR))
    assert (row.at(0).score, row.at(10).score, row.at(10 + 1e-7).score) == (30, 30, 93)
    assert look_ahead(row.facts, row.mine, ms(0))[1:] == (ms(10) + 1, None)
    assert row.tick(10).score is None
    ended = row.tick(11)
    assert ended.score is not None
    assert (ended.score.score, ended.score.capped_by, ended.score.cause.type) == (93, None, "recompute")
    assert look_ahead(row.facts, row.mine, ms(11))[1:] == (None, None)


def test_a_cap_by_a_component_comes_and_goes_with_its_value() -> None:
    row = Row(answer(0, 10), model=model(SILENT, nps={"weight": 9}, engagement={"weight": 1}))
    assert row.at(14).capped_by is None
    assert (row.at(15).score, row.at(15).capped_by) == (40, "silent")
    assert row.feed(message(20, "positive")).score is not None
    assert row.at(20).capped_by is None


def test_the_score_if_silent_is_the_capped_one() -> None:
    row = Row(model=model(SILENT, nps={"weight": 9}, engagement={"weight": 1}))
    first = row.feed(answer(0, 10)).score
    later = row.tick(8).score
    assert first is not None
    assert later is not None
    assert (first.score_if_silent, later.score_if_silent) == (98, 40)


def test_all_conditions_of_an_exception_must_hold() -> None:
    both = {"name": "both", "when": {**URGENT["when"], **DETRACTOR["when"]}, "cap": 9}
    row = Row(answer(0, 3), message(0, "positive"), model=model(both))
    assert row.at(0).capped_by is None
    row.feed(opened(1, "t", severity="urgent"))
    assert row.at(1).capped_by == "both"


def test_a_persons_override_stands_above_a_cap() -> None:
    row = Row(answer(0, 10), opened(1, "t", severity="urgent"), override(1, "champion"), model=model(URGENT))
    assert (row.at(1).band, row.at(1).computed_band, row.at(1).score) == ("champion", "needs_attention", 60)


def test_trend_and_closes_go_by_the_capped_score() -> None:
    row = Row(answer(0, 10), model=model(URGENT))
    assert row.tick(1).close is not None
    row.feed(opened(2, "t", severity="urgent"))
    close = row.tick(3).close
    assert close is not None
    assert (close.score, close.score_raw) == (60, 100.0)
    assert row.at(8.5).trend == "declining"


def test_a_cap_that_the_facts_do_not_give_is_drift() -> None:
    row = Row(answer(0, 10), opened(1, "t", severity="urgent"), model=model(URGENT))
    assert audit(row.facts, row.mine)
    published = row.facts.published
    assert published is not None
    row.facts.published = msgspec.structs.replace(published, capped_by=None)
    assert not audit(row.facts, row.mine)


def test_a_fact_that_comes_late_changes_no_publication_without_being_told() -> None:
    row = Row(message(0, "positive"), model=model(DETRACTOR))
    row.tick(1)
    row.feed(answer(0.5, 3), at=11)
    assert row.at(11).capped_by is None
    assert audit(row.facts, row.mine)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=5), st.integers(0, 10))
def test_a_cap_never_raises_a_score(caps: list[int], value: int) -> None:
    exceptions = [{"name": f"e{n}", "when": {"open_ticket": {}}, "cap": cap} for n, cap in enumerate(caps)]
    row = Row(answer(0, value), opened(1, "t"), model=model(*exceptions))
    assert row.at(1).score == min(value * 10, *caps)
