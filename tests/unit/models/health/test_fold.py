from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from models.health.control_row import ControlRow, DocumentsInMemory, decode_control, encode_control
from models.health.fold import PartitionFold, Subject
from models.health.reaction import Reaction
from models.health.state import ContactState, decode, encode
from schemas.base import to_milliseconds
from schemas.control import ModelPublished, OverrideCleared, OverrideSet
from schemas.messages import MessageClassified
from schemas.profiles import ContactUpdated
from schemas.scores import AlertRaised
from schemas.signals import Clock, Signal, Tick
from schemas.surveys import SurveyAnswered
from schemas.tickets import TicketOpened, TicketSolved

START = datetime(2026, 1, 1, tzinfo=UTC)
CONTACTS = ("a", "b", "c")
SENTIMENT_ONLY = b'{"version": "2", "components": {"sentiment": {"weight": 10}}}'
ALERTING = b"""{"version": "4", "components": {"sentiment": {"weight": 10}, "nps": {}}, "alerts": {
    "contact_health_declined": {"at": 60, "rearm_at": 70, "dwell_minutes": 540, "cooldown_hours": 20},
    "steep_drop": {"dwell_minutes": 90, "on_model_change": true},
    "no_recovery": {"days": 2, "solved": 0}}}"""
SEGMENTED = msgspec.json.encode(
    {
        "version": "3",
        "components": {"nps": {}, "sentiment": {"weight": 10}, "engagement": {}},
        "exceptions": [
            {"name": "open", "when": {"open_ticket": {}}, "cap": 55},
            {"name": "unhappy", "when": {"answer": {"kind": "nps", "at_most": 0.6, "window_days": 3}}, "cap": 20},
        ],
        "segments": [
            {"name": "vip", "when": {"attributes": {"plan": "gold"}}, "components": {"engagement": {"weight": 60}}},
            {"name": "users", "when": {"role": "user"}, "exceptions": []},
        ],
    }
)
DOCUMENTS = {"2": SENTIMENT_ONLY, "3": SEGMENTED, "4": ALERTING}


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def signal(fact: Any, hours: float) -> Signal:
    return Signal(at=to_milliseconds(at(hours)), fact=fact)


def tick(day: int) -> Signal:
    return signal(Tick(day=date(2026, 1, 1) + timedelta(days=day)), day * 24 + 4)


def nps(contact: str, value: float, hours: float) -> Signal:
    fact = SurveyAnswered(
        event_id=f"n{hours}", occurred_at=at(hours), contact=contact, kind="nps", value=value, scale_min=0, scale_max=10
    )
    return signal(fact, hours)


class Partition:
    """A partition with a store that sees rows as bytes only, as the worker does."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.documents = DocumentsInMemory()
        self.control = encode_control(ControlRow())
        self.outputs: dict[str, list[Any]] = {}
        self.offset = -1

    def log(self, contact: str | None, entry: Signal, offset: int | None = None) -> None:
        self.offset = self.offset + 1 if offset is None else offset
        fold = PartitionFold(decode_control(self.control), self.documents)
        if contact is None:
            fold.enter(self.offset, entry)
        else:
            stored = self.rows.get(contact)
            row, reactions = fold.signal(self.offset, Subject("t", contact), decode(stored) if stored else None, entry)
            if row is not None:
                self._keep(contact, row, reactions)
        self.control = encode_control(fold.control)

    def sweep(self, rows: int) -> None:
        """Sweep the next so many rows."""
        fold = PartitionFold(decode_control(self.control), self.documents)
        if fold.sweep_due():
            left = [contact for contact in sorted(self.rows) if contact.encode() > fold.control.cursor][:rows]
            for contact in left:
                row = decode(self.rows[contact])
                reactions = fold.sweep_row(Subject("t", contact), row)
                if reactions:
                    self._keep(contact, row, reactions)
            if left:
                fold.control.cursor = left[-1].encode()
            else:
                fold.sweep_done()
            assert fold.audit.drifted == 0
        self.control = encode_control(fold.control)

    def fall_due(self, rows: int) -> None:
        """Touch the first so many rows that are due by the clock."""
        fold = PartitionFold(decode_control(self.control), self.documents)
        until = fold.due_until
        if until is not None:
            times = sorted((row.due_at, one) for one, row in self._decoded() if row.due_at is not None)
            for due_at, contact in times[:rows]:
                if due_at <= until:
                    row = decode(self.rows[contact])
                    self._keep(contact, row, fold.due_row(Subject("t", contact), row))
            fold.due_done(min((row.due_at for _, row in self._decoded() if row.due_at is not None), default=None))
        self.control = encode_control(fold.control)

    def _decoded(self) -> list[tuple[str, ContactState]]:
        return [(contact, decode(stored)) for contact, stored in self.rows.items()]

    def sweep_all(self) -> None:
        self.fall_due(100)
        while decode_control(self.control).pending:
            self.sweep(100)
        self.fall_due(100)
        assert decode_control(self.control).minutes == []

    def _keep(self, contact: str, row: ContactState, reactions: list[Reaction]) -> None:
        self.rows[contact] = encode(row)
        for reaction in reactions:
            records = (reaction.close, reaction.score, reaction.band, *reaction.alerts)
            self.outputs.setdefault(contact, []).extend(record for record in records if record is not None)


facts = st.one_of(
    st.builds(lambda v: ("nps", v), st.integers(0, 10)),
    st.builds(lambda v: ("message", v), st.sampled_from(["positive", "neutral", "negative"])),
    st.just(("ticket", None)),
    st.just(("solved", None)),
    st.builds(lambda v: ("override", v), st.sampled_from([None, 0, 1, 7, 8, 30])),
    st.just(("cleared", None)),
    st.builds(lambda v: ("profile", v), st.sampled_from([None, "gold", "user"])),
)
steps = st.one_of(
    st.tuples(st.just("fact"), st.sampled_from(CONTACTS), facts, st.integers(0, 80)),
    st.tuples(st.just("tick")),
    st.tuples(st.just("model"), st.sampled_from(sorted(DOCUMENTS))),
    st.tuples(st.just("clock")),
)


def to_log(plan: list[Any]) -> Iterator[tuple[str | None, Signal]]:
    """Log entries whose facts are up to 80 days old; ticks one a day."""
    hours, day = 24.0 * 100, 100
    for number, step in enumerate(plan):
        hours += 5
        if step[0] == "tick":
            day += 1
            hours = max(hours, day * 24 + 4)
            yield None, tick(day)
        elif step[0] == "model":
            published = ModelPublished(
                event_id=f"m{number}",
                occurred_at=at(hours),
                tenant="t",
                version=step[1],
                model=msgspec.Raw(DOCUMENTS[step[1]]),
                author="u",
            )
            yield None, signal(published, hours)
        elif step[0] == "clock":
            yield None, signal(Clock(), hours)
        else:
            _, contact, (kind, value), days_late = step
            yield contact, signal(_fact(kind, value, number, contact, at(hours - 24 * days_late)), hours)


def _fact(kind: str, value: Any, number: int, contact: str, occurred: datetime) -> Any:
    base: dict[str, Any] = {"event_id": f"e{number}", "occurred_at": occurred, "tenant": "t", "contact": contact}
    if kind == "nps":
        return SurveyAnswered(**base, kind="nps", value=value, scale_min=0, scale_max=10)
    if kind == "message":
        return MessageClassified(**base, message=f"m{number}", author="customer", label=value, confidence=0.9)
    if kind == "profile":
        return ContactUpdated(**base, role=value, attributes={} if value is None else {"plan": value})
    if kind == "ticket":
        return TicketOpened(**base, ticket="t1")
    if kind == "solved":
        return TicketSolved(**base, ticket="t1")
    if kind == "cleared":
        return OverrideCleared(**base, author="u")
    expires_at = None if value is None else at(number * 5 + 24 * 100 + value)
    return OverrideSet(**base, band="champion", reason="knows us", author="u", expires_at=expires_at)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=25), st.lists(st.integers(0, 7), max_size=40))
def test_the_result_does_not_depend_on_how_sweep_and_signals_interleave(plan: list[Any], sweeps: list[int]) -> None:
    at_once, in_bits = Partition(), Partition()
    for number, (contact, entry) in enumerate(to_log(plan)):
        at_once.log(contact, entry)
        at_once.sweep_all()
        in_bits.log(contact, entry)
        if number < len(sweeps) and sweeps[number]:
            (in_bits.sweep if sweeps[number] < 4 else in_bits.fall_due)(sweeps[number] % 4 or 1)
    in_bits.sweep_all()
    assert in_bits.outputs == at_once.outputs
    assert in_bits.rows == at_once.rows
    assert decode_control(in_bits.control).bands == decode_control(at_once.control).bands


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=20))
def test_a_log_that_is_delivered_twice_changes_nothing(plan: list[Any]) -> None:
    once, twice = Partition(), Partition()
    for contact, entry in to_log(plan):
        once.log(contact, entry)
        twice.log(contact, entry)
        twice.log(contact, entry, offset=twice.offset)
    once.sweep_all()
    twice.sweep_all()
    assert (twice.rows, twice.outputs, twice.control) == (once.rows, once.outputs, once.control)


def test_a_row_that_a_tick_does_not_change_is_not_written() -> None:
    partition = Partition()
    partition.log("a", nps("a", 9, 1))
    partition.log(None, tick(1))
    partition.sweep_all()
    closed = partition.rows["a"]
    partition.log(None, tick(2))
    partition.sweep_all()
    assert partition.rows["a"] is closed


def test_a_day_that_was_closed_before_is_ignored() -> None:
    partition = Partition()
    partition.log(None, tick(3))
    partition.sweep_all()
    partition.log(None, tick(3))
    partition.log(None, tick(2))
    assert decode_control(partition.control).pending == []


def test_a_signal_before_a_model_was_published_is_scored_by_the_model_before() -> None:
    partition = Partition()
    partition.log("a", nps("a", 10, 1))
    for contact, entry in to_log([("model", "2")]):
        partition.log(contact, entry)
    partition.log("b", nps("b", 10, 2))
    assert [score.model for score in partition.outputs["a"] if hasattr(score, "model")] == ["default"]
    assert not partition.outputs["b"], "this model has no component that an NPS answer feeds"


def test_each_band_counts_its_contacts() -> None:
    partition = Partition()
    partition.log("a", nps("a", 10, 1))
    partition.log("b", nps("b", 0, 1))
    partition.log("b", nps("b", 10, 2))
    assert {band: count for band, count in decode_control(partition.control).bands.items() if count} == {"champion": 2}


def _but_alerts(partition: Partition) -> list[Any]:
    return [record for record in partition.outputs["a"] if not isinstance(record, AlertRaised)]


def test_an_override_ends_by_the_clock_at_its_own_time_and_no_clock_is_remembered_for_nothing() -> None:
    partition = Partition()
    partition.log("a", nps("a", 2, 1))
    partition.log("a", signal(_fact("override", 1, 0, "a", at(2400)), 2400))
    partition.log(None, signal(Clock(), 2400.5))
    partition.fall_due(10)
    assert decode_control(partition.control).minutes == []
    assert _but_alerts(partition)[-1].to_band == "champion"
    partition.log(None, signal(Clock(), 2402))
    partition.fall_due(10)
    score, band = _but_alerts(partition)[-2:]
    assert (score.at, score.cause.type, score.override) == (at(2401), "override", None)
    assert (band.from_band, band.to_band) == ("champion", "at_risk")


def test_an_override_that_ends_during_a_sweep_ends_after_what_the_sweep_does() -> None:
    swept, unswept = Partition(), Partition()
    for partition in (swept, unswept):
        partition.log("a", nps("a", 2, 1))
        partition.log("a", signal(_fact("override", 20, 0, "a", at(2400)), 2400))
        partition.log(None, tick(100))
        if partition is swept:
            partition.sweep_all()
        partition.log(None, signal(Clock(), 2440))
        partition.fall_due(10)
        partition.sweep_all()
    assert swept.outputs == unswept.outputs
    assert swept.rows == unswept.rows
    assert [score.cause.type for score in _but_alerts(swept) if hasattr(score, "cause")][-2:] == [
        "override", "override",
    ]  # fmt: skip
