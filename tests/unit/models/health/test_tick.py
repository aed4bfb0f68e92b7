"""The daily recompute of a row (2-scoring §7): decay, close, audit."""

from datetime import date

from models.health.closes import score_at, unpack_close
from models.health.daily import audit
from models.health.facts.activity import Activity
from models.health.model import DEFAULT_MODEL
from models.health.state import encode
from schemas.base import from_milliseconds
from schemas.event_ids import event_id
from schemas.scores import Cause
from tests.unit.models.health.building import Row, answer, message, ms


def test_decay_is_published_with_the_cause_recompute() -> None:
    row = Row(message(0, "positive"))
    record = row.tick(8).score
    assert record is not None
    assert record.cause == Cause(type="recompute")
    assert record.change.by_decay == {"engagement": -10.0}
    assert record.change.by_signal == {}
    assert record.score == 90


def test_a_close_goes_out_for_the_day_with_exact_points() -> None:
    row = Row(message(0, "positive"), answer(0, 1))
    close = row.tick(1 + 4 / 24).close
    assert close is not None
    assert close.day == date(2026, 3, 3)
    assert close.at == from_milliseconds(ms(1 + 4 / 24))
    assert (close.score, close.band) == (70, "healthy")
    assert abs(sum(close.points.values()) - close.score_raw) <= 1e-9
    assert close.event_id == event_id("acme", "ada", "close", "2026-03-03")
    assert close.seq == 2


def test_a_row_that_nothing_changes_is_not_written_by_a_tick() -> None:
    row = Row(message(0))
    assert row.tick(1).changed
    before = encode(row.facts)
    for day in range(2, 7):
        reaction = row.tick(day)
        assert not reaction.changed
        assert (reaction.score, reaction.close) == (None, None)
    assert encode(row.facts) == before


def test_a_day_without_a_close_closed_as_the_one_before() -> None:
    row = Row(answer(0, 5))
    row.tick(1)
    row.tick(2)
    row.feed(answer(2.5, 6))
    row.tick(3)
    closes = row.facts.closes
    assert [unpack_close(close).at for close in closes] == [ms(1), ms(3)]
    assert score_at(closes, ms(2.9)) == 75
    assert score_at(closes, ms(3)) == 80
    assert score_at(closes, ms(0.9)) is None


def test_what_happens_in_the_millisecond_of_a_tick_but_after_it_is_in_the_next_close() -> None:
    row = Row(answer(0, 5))
    row.tick(1)
    row.feed(answer(1, 6))
    close = row.tick(2).close
    assert close is not None
    assert close.score == 80


def test_eight_days_of_closes_are_kept_and_the_last_one_before_them() -> None:
    row = Row()
    for day in range(30):
        row.feed(answer(day, day % 2))
        row.tick(day + 0.5)
    assert [unpack_close(close).at for close in row.facts.closes] == [ms(day + 0.5) for day in range(21, 30)]


def test_a_close_remembers_score_band_and_points() -> None:
    row = Row(message(0, "positive"), answer(0, 1))
    row.tick(1)
    close = unpack_close(row.facts.closes[-1])
    assert (close.at, close.score, close.band) == (ms(1), 70, "healthy")
    assert all(abs(close.points[code] - points) <= 1e-5 for code, points in row.at(1).points.items())


def test_a_contact_without_a_score_has_no_close() -> None:
    row = Row(message(0, None, author="agent"))
    reaction = row.tick(1)
    assert (reaction.score, reaction.close, reaction.changed) == (None, None, False)


def test_a_trend_that_changes_by_time_alone_is_published_at_the_tick() -> None:
    row = Row(answer(0, 5), answer(0.1, 5, "csat"), message(0.2))
    row.tick(0.5)
    row.feed(message(5))
    record = row.tick(7.5).score
    assert record is not None
    assert (record.trend, record.change.total) == ("stable", 0.0)


def test_the_audit_finds_nothing_in_a_row_that_was_folded_well() -> None:
    row = Row(message(0, "positive"), answer(1, 7))
    row.tick(20)
    assert audit(row.facts, DEFAULT_MODEL)


def test_the_audit_finds_points_that_the_facts_do_not_give() -> None:
    row = Row(message(0, "positive"), answer(1, 7))
    row.facts.answers[0] = Row(answer(1, 8)).facts.answers[0]
    assert not audit(row.facts, DEFAULT_MODEL)


def test_the_audit_finds_a_component_that_has_gone() -> None:
    row = Row(message(0, "positive"), answer(1, 7))
    row.facts.answers.clear()
    assert not audit(row.facts, DEFAULT_MODEL)
    row.facts.messages = b""
    row.facts.activity = Activity()
    assert not audit(row.facts, DEFAULT_MODEL)
