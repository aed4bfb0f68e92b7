from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from models.health.state import ContactState
from models.health.state import encode as encode_row
from schemas.base import to_milliseconds
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_ALERTS,
    HEALTH_BAND_CHANGES,
    HEALTH_PROFILES,
    HEALTH_SCORE_HISTORY,
    HEALTH_SCORES,
    HEALTH_SIGNALS,
    SUPPORT_LABELLED_EXAMPLES,
)
from schemas.control import ContactErased, ContactRestored, OverrideSet, SentimentCorrected
from schemas.decoding import encode
from schemas.messages import MessageClassified
from schemas.profiles import ContactUpdated
from schemas.scores import AlertRaised, ScoreUpdated
from schemas.signals import Clock, ContactAbsorbed, Signal, Tick
from schemas.surveys import SurveyAnswered
from stream.dead_letters import Limit
from stream.due_rows import PREFIX, DueRow
from stream.errors import NewerStateRow
from stream.metrics import Metrics
from stream.scoring import RowCodec, Scoring
from stream.table import CONTROL_KEY
from tests.unit.stream.fakes import FakePlane, Sent, run_of

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = b"acme/c"
PARTITIONS = {HEALTH_SIGNALS: 4, HEALTH_ACCOUNT_SIGNALS: 3}


class Stage:
    """Scoring over fakes."""

    def __init__(self, partitions: frozenset[int] = frozenset({0})) -> None:
        self.plane = FakePlane(RowCodec(), partitions)
        self.metrics = Metrics("scoring")
        plane: Any = self.plane
        self.scoring = Scoring(plane, Limit(1.0), self.metrics, PARTITIONS)
        self._offset = 0

    def fold(
        self, *signals: Signal | bytes, key: bytes | None = KEY, offset: int | None = None, partition: int = 0
    ) -> list[Sent]:
        values = [encode(signal) if isinstance(signal, Signal) else signal for signal in signals]
        first = self._offset if offset is None else offset
        run = run_of(HEALTH_SIGNALS, *values, key=key, partition=partition, first_offset=first)
        self._offset = first + len(values)
        cycle: Any = self.plane.current
        before = len(cycle.sent)
        self.scoring.fold(run, cycle)
        return self.plane.sent[before:]

    def sweep(self, partition: int = 0) -> list[Sent]:
        cycle: Any = self.plane.current
        before = len(cycle.sent)
        while self.scoring.sweep_chunk(partition, cycle):
            continue
        return self.plane.sent[before:]

    def recomputed(self) -> float | None:
        """What the metric says; None: it has no sample."""
        self.scoring.report()
        name = "heartline_recompute_last_success_timestamp_seconds"
        return self.metrics.registry.get_sample_value(name, {"topic": HEALTH_SIGNALS})

    def commit(self) -> None:
        assert self.plane.current is not None
        self.plane.current.commit()

    def value(self, name: str, *, committed: bool = True, **labels: str) -> float:
        if committed:
            self.commit()
        return self.metrics.registry.get_sample_value(name, labels) or 0


def nps(value: float, event: str = "e1") -> Signal:
    fact = SurveyAnswered(
        event_id=event, occurred_at=DAY, tenant="acme", contact="c", kind="nps", value=value, scale_min=0, scale_max=10
    )
    return Signal(at=to_milliseconds(DAY), accepted_at=to_milliseconds(DAY), fact=fact)


def tick(day: int = 2) -> Signal:
    return Signal(at=to_milliseconds(DAY.replace(day=day, hour=4)), fact=Tick(day=date(2026, 3, day)))


def score_of(sent: list[Sent]) -> ScoreUpdated:
    (value,) = [one.value for one in sent if one.topic == HEALTH_SCORES and one.value is not None]
    return msgspec.json.decode(value, type=ScoreUpdated)


def deleted(sent: list[Sent]) -> list[tuple[str, bytes | None]]:
    return [(one.topic, one.key) for one in sent if one.value is None]


def test_a_signal_sends_the_score_and_the_first_band_of_its_contact() -> None:
    stage = Stage()
    sent = stage.fold(nps(9))
    score = score_of(sent)
    assert (score.tenant, score.contact, score.seq, score.cause.id) == ("acme", "c", 1, "e1")
    assert [(one.topic, one.key, one.partition) for one in sent] == [
        (HEALTH_SCORES, KEY, 0),
        (HEALTH_BAND_CHANGES, KEY, 0),
    ]
    assert sent[0].headers["ce_id"] == score.event_id.encode()


def test_an_entry_that_is_read_twice_sends_nothing() -> None:
    stage = Stage()
    stage.fold(nps(9), offset=5)
    assert stage.fold(nps(9), offset=5) == []
    assert stage.value("heartline_duplicates_total") == 1


def test_a_tick_closes_the_day_in_the_sweep_and_not_before() -> None:
    stage = Stage()
    stage.fold(nps(9))
    assert stage.fold(tick(), key=None) == []
    close, *done = stage.sweep()
    assert close.topic == HEALTH_SCORE_HISTORY
    assert [(one.topic, one.partition) for one in done] == [(HEALTH_ACCOUNT_SIGNALS, place) for place in range(3)]
    assert stage.value("heartline_recompute_drift_total") == 0
    assert stage.sweep() == []


def four(day: int) -> float:
    return DAY.replace(day=day, hour=4).timestamp()


def test_before_the_first_tick_nothing_is_said_of_recomputes() -> None:
    stage = Stage()
    assert stage.recomputed() is None
    stage.fold(nps(9))
    stage.sweep()
    assert stage.recomputed() is None


def test_a_recompute_counts_when_every_row_has_seen_it() -> None:
    stage = Stage()
    cycle: Any = stage.plane.current
    stage.fold(nps(9))
    for day, before in ((2, 0), (3, four(2))):
        stage.fold(tick(day), key=None)
        assert stage.scoring.sweep_chunk(0, cycle)
        assert stage.recomputed() == before
        stage.sweep()
        assert stage.recomputed() == four(day)


def test_of_the_partitions_of_a_worker_the_one_that_was_recomputed_longest_ago_counts() -> None:
    stage = Stage(partitions=frozenset({0, 1, 2}))
    for partition, days in ((0, (2, 3)), (1, (2,)), (2, ()), (3, (1,))):
        for day in days:
            stage.fold(tick(day), key=None, partition=partition)
        stage.sweep(partition)
    assert stage.recomputed() == four(2)


def test_a_worker_that_starts_anew_knows_of_the_recomputes_before_it() -> None:
    stage = Stage()
    stage.fold(tick(), key=None)
    stage.sweep()
    restarted = Stage()
    restarted.plane.states = stage.plane.states
    restarted.sweep()
    assert restarted.recomputed() == four(2)


def test_a_worker_that_has_lost_its_partitions_says_nothing_of_recomputes() -> None:
    stage = Stage()
    stage.fold(tick(), key=None)
    stage.sweep()
    assert stage.recomputed() == four(2)
    stage.plane.assign(frozenset())
    assert stage.recomputed() is None


def test_an_entry_that_cannot_be_read_is_put_aside() -> None:
    stage = Stage()
    sent = [
        *stage.fold(b"{}"),
        *stage.fold(nps(9), key=None),
        *stage.fold(tick(), key=KEY),
        *stage.fold(nps(9), key=b"no tenant"),
        *stage.fold(nps(9), key=b"\xff/c"),
    ]
    assert [one.topic for one in sent] == [f"{HEALTH_SIGNALS}-dlq"] * 5
    assert stage.value("heartline_events_total", topic=HEALTH_SIGNALS, result="dead_letter") == 5


ENTRY = b'{"at":%b,"fact":{"type":"%b","event_id":"x","tenant":"acme","contact":"c","ticket":"t","occurred_at":"%b"}}'
AT, THEN = str(to_milliseconds(DAY)).encode(), b"2026-03-01T12:00:00Z"
OPENED, UPDATED = b"ticket.opened", b"ticket.updated"


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY % (b"253402300800000", OPENED, THEN),
        ENTRY % (b"7258118400000", OPENED, THEN),
        ENTRY % (b"315532799999", OPENED, THEN),
        ENTRY % (b"-1", OPENED, THEN),
        ENTRY % (b"1" + b"0" * 30, OPENED, THEN),
        ENTRY % (AT, OPENED, b"0001-01-01T00:00:00Z"),
        ENTRY % (AT, OPENED, b"0001-01-01T00:00:00+23:59"),
        ENTRY % (AT, OPENED, b"1979-12-31T23:59:59Z"),
        ENTRY % (AT, OPENED, b"2200-01-01T00:00:00Z"),
        ENTRY % (AT, OPENED, b"9999-12-31T23:59:59-23:59"),
        ENTRY % (AT, UPDATED, THEN + b'","opened_at":"1979-12-31T23:59:59Z'),
    ],
)
def test_an_entry_of_an_impossible_time_is_put_aside_and_the_next_one_is_folded(entry: bytes) -> None:
    stage = Stage()
    sent = stage.fold(entry, encode(nps(9)))
    assert [one.topic for one in sent] == [f"{HEALTH_SIGNALS}-dlq", HEALTH_SCORES, HEALTH_BAND_CHANGES]
    assert score_of(sent).at == DAY


@pytest.mark.parametrize("facts", [b"", b"no row"])
def test_what_an_alias_hands_over_and_cannot_be_read_is_put_aside(facts: bytes) -> None:
    stage = Stage()
    absorbed = ContactAbsorbed(event_id="x", occurred_at=DAY, tenant="acme", contact="c", absorbed="d", facts=facts)
    sent = stage.fold(Signal(at=to_milliseconds(DAY), fact=absorbed), nps(9))
    assert [one.topic for one in sent] == [f"{HEALTH_SIGNALS}-dlq", HEALTH_SCORES, HEALTH_BAND_CHANGES]


@pytest.mark.parametrize(
    "entry",
    [
        b'{"at":253402300800000,"fact":{"type":"clock"}}',
        b'{"at":7258118400000,"fact":{"type":"clock"}}',
        b'{"at":%b,"fact":{"type":"tick","day":"9999-12-31"}}' % AT,
        b'{"at":%b,"fact":{"type":"tick","day":"0001-01-01"}}' % AT,
    ],
)
def test_an_impossible_clock_or_tick_is_put_aside_and_time_goes_on_from_where_it_was(entry: bytes) -> None:
    stage = Stage()
    stage.fold(nps(9))
    assert [one.topic for one in stage.fold(entry, key=None)] == [f"{HEALTH_SIGNALS}-dlq"]
    stage.fold(tick(), key=None)
    close, *_ = stage.sweep()
    assert close.topic == HEALTH_SCORE_HISTORY
    assert score_of(stage.fold(nps(8, "e2"))).at == DAY.replace(day=2, hour=4)


@pytest.mark.parametrize("time", [b"1980-01-01T00:00:00Z", b"2199-12-31T23:59:59.999Z"])
@pytest.mark.parametrize("at", [b"315532800000", b"7258118399999"])
def test_the_first_and_the_last_possible_time_can_be_folded(at: bytes, time: bytes) -> None:
    stage = Stage()
    times = b'%b","opened_at":"%b","first_responded_at":"%b","solved_at":"%b' % (time, time, time, time)
    sent = stage.fold(ENTRY % (at, UPDATED, times), ENTRY % (at, OPENED, time))
    stage.fold(b'{"at":%b,"fact":{"type":"tick","day":"2199-12-31"}}' % at, key=None)
    sent += stage.sweep()
    assert f"{HEALTH_SIGNALS}-dlq" not in {one.topic for one in sent}


def test_an_erased_contact_leaves_a_tombstone_and_no_score_in_a_band() -> None:
    stage = Stage()
    stage.fold(nps(9))
    erased = ContactErased(event_id="e2", occurred_at=DAY.replace(hour=13), tenant="acme", contact="c")
    sent = stage.fold(Signal(at=to_milliseconds(DAY.replace(hour=13)), fact=erased))
    assert (HEALTH_SCORES, KEY, None) in [(one.topic, one.key, one.value) for one in sent]
    stage.sweep()
    stage.scoring.report()
    assert stage.value("heartline_contacts", band="champion") == 0


def test_what_still_comes_of_an_erased_contact_is_dropped_and_counted() -> None:
    """Rule 7.8: the scenario shows what is dropped, the metric is seen here."""
    stage = Stage()
    erased = ContactErased(event_id="e2", occurred_at=DAY.replace(hour=13), tenant="acme", contact="c")
    stage.fold(nps(9), Signal(at=to_milliseconds(DAY.replace(hour=13)), fact=erased))
    assert stage.value("heartline_forgotten_events_total") == 0
    assert stage.fold(nps(8, "e3"), nps(7, "e4")) == []
    assert stage.value("heartline_forgotten_events_total", committed=False) == 0
    assert stage.value("heartline_forgotten_events_total") == 2


def test_a_score_that_the_facts_do_not_give_is_counted_as_drift() -> None:
    """Rule 7.4: each tick recomputes what was published; nothing that goes out shows it."""
    stage = Stage()
    stage.fold(nps(9))
    rows: Any = stage.plane.current.state(0)
    row = rows.get(KEY)
    parts = [one and msgspec.structs.replace(one, value=0.5) for one in row.published.components]
    row.published = msgspec.structs.replace(row.published, components=parts)
    rows.put(KEY, row)
    stage.fold(tick(), key=None)
    stage.sweep()
    assert stage.value("heartline_recompute_drift_total") == 1


def test_an_erasure_deletes_the_names_and_examples_of_all_that_the_contact_was_called() -> None:
    """Intake's own tombstone may stand before a profile that another worker of intake has written at the same time."""
    stage = Stage()
    at = to_milliseconds(DAY)
    facts = encode_row(ContactState())
    about = {"occurred_at": DAY, "tenant": "acme", "contact": "c"}
    erased = Signal(at=at, fact=ContactErased(event_id="e2", **about))
    stage.fold(Signal(at=at, fact=ContactAbsorbed(event_id="e1", absorbed="old", facts=facts, **about)))
    assert [one for one in deleted(stage.fold(erased)) if one[0] != HEALTH_SCORES] == [
        (HEALTH_PROFILES, b"acme/contact/c"),
        (SUPPORT_LABELLED_EXAMPLES, KEY),
        (HEALTH_PROFILES, b"acme/contact/old"),
        (SUPPORT_LABELLED_EXAMPLES, b"acme/old"),
    ]
    assert deleted(stage.fold(erased)) == []


def test_a_name_that_comes_after_its_contact_was_erased_is_deleted_again() -> None:
    stage = Stage()
    profile = ContactUpdated(event_id="e1", occurred_at=DAY, tenant="acme", contact="c")
    erased = ContactErased(event_id="e2", occurred_at=DAY.replace(hour=13), tenant="acme", contact="c")
    stage.fold(*(Signal(at=to_milliseconds(DAY.replace(hour=13)), fact=fact) for fact in (profile, erased)))
    sent = stage.fold(Signal(at=to_milliseconds(DAY.replace(hour=14)), fact=profile))
    assert deleted(sent) == [(HEALTH_PROFILES, b"acme/contact/c")]


def test_what_comes_late_to_a_restored_contact_takes_only_what_it_has_written_itself() -> None:
    stage = Stage()
    about = {"tenant": "acme", "contact": "c"}
    profile = ContactUpdated(event_id="e1", occurred_at=DAY, **about)
    correction = SentimentCorrected(
        event_id="e2", occurred_at=DAY, message="m", label="negative", author="agent", **about
    )
    erased = ContactErased(event_id="e3", occurred_at=DAY.replace(hour=13), **about)
    restored = ContactRestored(event_id="e4", occurred_at=DAY.replace(hour=14), **about)
    known = ContactUpdated(event_id="e5", occurred_at=DAY.replace(hour=15), **about)
    at = to_milliseconds(DAY.replace(hour=16))
    stage.fold(*(Signal(at=at, fact=fact) for fact in (erased, restored, known)))
    assert deleted(stage.fold(Signal(at=at, fact=correction))) == [(SUPPORT_LABELLED_EXAMPLES, KEY)]
    assert deleted(stage.fold(Signal(at=at, fact=profile))) == [(HEALTH_PROFILES, b"acme/contact/c")]
    by_another_name = [Signal(at=at, fact=fact, hops=1) for fact in (correction, profile)]
    assert deleted(stage.fold(*by_another_name)) == [], "intake has written that under the other name"


def test_scored_contacts_are_counted_by_band() -> None:
    stage = Stage()
    stage.fold(nps(9))
    stage.sweep()
    stage.scoring.report()
    assert stage.value("heartline_contacts", band="champion") == 1


def test_a_look_at_nothing_leaves_nothing_in_a_cycle_that_is_never_committed() -> None:
    stage = Stage()
    cycle: Any = stage.plane.current
    assert not any(stage.scoring.sweep_chunk(0, cycle) for _ in range(1000))
    assert (cycle.committed, cycle.sent, stage.plane.states[0].stored) == ([], [], {})


def test_nothing_is_counted_before_it_is_committed_for_a_dropped_cycle_comes_again() -> None:
    stage = Stage()
    stage.fold(nps(9), b"{}")
    counted = {
        "heartline_band_changes_total": {"from": "none", "to": "champion", "cause": "survey.answered"},
        "heartline_dead_letters_total": {"topic": HEALTH_SIGNALS, "reason": "invalid"},
        "heartline_events_total": {"topic": HEALTH_SIGNALS, "result": "folded"},
    }
    assert [stage.value(name, committed=False, **labels) for name, labels in counted.items()] == [0, 0, 0]
    stage.commit()
    assert [stage.value(name, committed=False, **labels) for name, labels in counted.items()] == [1, 1, 1]


def test_the_age_of_what_is_committed_is_measured() -> None:
    stage = Stage()
    stage.fold(nps(9), nps(3, "e2"))
    assert stage.value("heartline_end_to_end_seconds_count", path="score") == 2


def test_a_row_of_a_newer_version_is_refused_by_name() -> None:
    stage = Stage()
    stage.fold(nps(9))
    raw = bytearray(stage.plane.states[0].stored[KEY])
    raw[3] = 99
    with pytest.raises(NewerStateRow, match="99"):
        RowCodec().decode(bytes(raw))


def overridden(until: datetime | None) -> Signal:
    fact = OverrideSet(
        event_id="o", occurred_at=DAY, tenant="acme", contact="c", band="danger", reason="said so", author="u-1",
        expires_at=until,
    )  # fmt: skip
    return Signal(at=to_milliseconds(DAY), fact=fact)


def clock(minute: int) -> Signal:
    return Signal(at=to_milliseconds(DAY + timedelta(minutes=minute)), fact=Clock())


def due_keys(stage: Stage) -> list[bytes]:
    return [key for key in stage.plane.states[0].stored if key.startswith(PREFIX)]


def test_an_override_ends_by_the_clock_and_only_its_row_is_looked_at() -> None:
    stage = Stage()
    stage.fold(nps(9), overridden(DAY + timedelta(minutes=5)))
    for number in range(3):
        stage.fold(clock(number), key=None)
    assert stage.sweep() == []
    assert len(due_keys(stage)) == 1
    stage.fold(clock(5), key=None)
    sent = stage.sweep()
    score = score_of(sent)
    assert (score.band, score.override, score.cause.type) == ("champion", None, "override")
    assert score.at == DAY + timedelta(minutes=5)
    assert [one.topic for one in sent] == [HEALTH_SCORES, HEALTH_BAND_CHANGES]
    assert due_keys(stage) == []
    assert stage.sweep() == []


def test_a_decline_goes_out_as_an_alert_when_its_dwell_is_over_and_is_counted() -> None:
    stage = Stage()
    unhappy = MessageClassified(
        event_id="m", occurred_at=DAY, tenant="acme", contact="c", message="m", author="customer", label="negative"
    )
    sent = stage.fold(nps(0), Signal(at=to_milliseconds(DAY), fact=unhappy))
    assert HEALTH_ALERTS not in [one.topic for one in sent]
    assert due_keys(stage) == []
    poor = SurveyAnswered(
        event_id="c", occurred_at=DAY, tenant="acme", contact="c", kind="csat", value=1, scale_min=1, scale_max=5
    )
    stage.fold(Signal(at=to_milliseconds(DAY), fact=poor))
    assert len(due_keys(stage)) == 1
    stage.fold(clock(11), key=None)
    (told,) = stage.sweep()
    assert told.value is not None
    alert = msgspec.json.decode(told.value, type=AlertRaised)
    assert (told.topic, told.key, alert.kind) == (HEALTH_ALERTS, KEY, "contact_health_declined")
    assert told.headers["ce_id"] == alert.event_id.encode()
    assert stage.value("heartline_alerts_total", kind="contact_health_declined") == 1
    assert due_keys(stage) == []


def test_a_signal_after_the_end_of_an_override_finds_it_ended_without_a_clock() -> None:
    stage = Stage()
    stage.fold(nps(9), overridden(DAY + timedelta(minutes=5)))
    later = msgspec.structs.replace(nps(3, "e2"), at=to_milliseconds(DAY + timedelta(minutes=9)))
    values = [one.value for one in stage.fold(later) if one.topic == HEALTH_SCORES and one.value is not None]
    scores = [msgspec.json.decode(value, type=ScoreUpdated) for value in values]
    assert [(one.cause.type, one.at) for one in scores] == [
        ("override", DAY + timedelta(minutes=5)),
        ("survey.answered", DAY + timedelta(minutes=9)),
    ]
    assert due_keys(stage) == []


def test_what_is_due_moves_with_a_newer_word_and_goes_with_the_contact() -> None:
    stage = Stage()
    stage.fold(nps(9), overridden(DAY + timedelta(minutes=5)))
    before = due_keys(stage)
    newer = msgspec.structs.replace(overridden(DAY + timedelta(days=5)).fact, event_id="p")
    stage.fold(Signal(at=to_milliseconds(DAY), fact=newer))
    (key,) = due_keys(stage)
    assert key > before[0]
    erased = ContactErased(event_id="e2", occurred_at=DAY.replace(hour=13), tenant="acme", contact="c")
    stage.fold(Signal(at=to_milliseconds(DAY.replace(hour=13)), fact=erased))
    assert due_keys(stage) == []


def test_an_entry_of_the_index_whose_deletion_was_never_heard_of_goes_and_does_nothing() -> None:
    stage = Stage()
    stage.fold(nps(9))
    stage.plane.states[0].put(PREFIX + bytes(8) + KEY, DueRow())
    stage.plane.states[0].put(PREFIX + bytes(8) + b"acme/nobody", DueRow())
    stage.fold(clock(1), key=None)
    assert stage.sweep() == []
    assert due_keys(stage) == []


def test_the_control_row_sorts_before_every_contact() -> None:
    assert CONTROL_KEY < b"-/c"
