"""What goes out to people, kind by kind, and what is held back (2-scoring §6)."""

from typing import Any

import msgspec
import pytest

from models.health.due import next_due
from models.health.errors import ModelError
from models.health.fold import PartitionFold, Subject
from models.health.model import DEFAULT_MODEL, HealthModel, parse_model
from models.health.state import ContactState, decode, encode
from schemas.base import from_milliseconds, to_milliseconds
from schemas.control import ModelPublished
from schemas.event_ids import event_id
from schemas.scores import AlertRaised
from schemas.signals import Clock, ContactFact, Signal, Tick
from tests.unit.models.health.building import CONTACT, DAY, Whose, answer, message, ms, opened, override, solved

MINUTE = 1 / 1440
OFF: dict[str, Any] = {"enabled": False}


def model(version: str = "m", **alerts: Any) -> bytes:
    """NPS alone is the score; of the alerts only those named are on."""
    kinds = [rule.name for rule in DEFAULT_MODEL.alerts]
    document = {"version": version, "components": {"nps": {}}, "alerts": dict.fromkeys(kinds, OFF) | alerts}
    return msgspec.json.encode(document)


DECLINE = model(contact_health_declined={}, contact_health_recovered={})
AT_ONCE = model(contact_health_declined={"dwell_minutes": 0, "cooldown_hours": 0}, contact_health_recovered={})


def published(document: bytes, days: float) -> Signal:
    fact = ModelPublished(
        event_id=f"m{days}", occurred_at=from_milliseconds(ms(days)), tenant="acme", version="m",
        model=msgspec.Raw(document), author="u",
    )  # fmt: skip
    return Signal(at=ms(days), fact=fact)


class Desk:
    """One contact and its log, folded with a clock; the row goes through its stored form at each step."""

    def __init__(self, document: bytes | None = None) -> None:
        self.fold = PartitionFold()
        self.row: ContactState | None = None
        self.alerts: list[AlertRaised] = []
        self._offset = -1
        if document is not None:
            self.publish(document, 0)

    def publish(self, document: bytes, days: float) -> list[AlertRaised]:
        return self._wide(published(document, days))

    def say(self, fact: ContactFact, at: float | None = None, **more: Any) -> list[AlertRaised]:
        logged = to_milliseconds(fact.occurred_at) if at is None else ms(at)
        self._offset += 1
        before = len(self.alerts)
        row = None if self.row is None else decode(encode(self.row))
        self.row, reactions = self.fold.signal(
            self._offset, Subject(*Whose()), row, Signal(at=logged, fact=fact, **more)
        )
        self._keep(reactions)
        return self.alerts[before:]

    def clock(self, days: float) -> list[AlertRaised]:
        return self._wide(Signal(at=ms(days), fact=Clock()))

    def tick(self, days: float, **more: Any) -> list[AlertRaised]:
        return self._wide(Signal(at=ms(days), fact=Tick(day=from_milliseconds(ms(days)).date()), **more))

    def _wide(self, signal: Signal) -> list[AlertRaised]:
        self._offset += 1
        before = len(self.alerts)
        self.fold.enter(self._offset, signal)
        if self.row is not None:
            self._keep(self.fold.due_row(Subject(*Whose()), self.row))
            self.fold.sweep_due()
            self._keep(self.fold.sweep_row(Subject(*Whose()), self.row))
        self.fold.sweep_done()
        self.fold.due_done(None if self.row is None else self.row.due_at)
        return self.alerts[before:]

    def _keep(self, reactions: Any) -> None:
        self.alerts += [alert for reaction in reactions for alert in reaction.alerts]


def kinds(alerts: list[AlertRaised]) -> list[str]:
    return [alert.kind for alert in alerts]


# Decline and recovery


def test_a_decline_goes_out_once_it_has_held_for_the_dwell_by_the_clock_and_at_that_time() -> None:
    desk = Desk(DECLINE)
    assert desk.say(answer(1, 2)) == []
    assert desk.clock(1 + 9 * MINUTE) == []
    (alert,) = desk.clock(1 + 11 * MINUTE)
    assert (alert.kind, alert.score, alert.band, alert.first_time) == ("contact_health_declined", 20, "at_risk", True)
    assert alert.at == from_milliseconds(ms(1 + 10 * MINUTE))
    assert alert.since == from_milliseconds(ms(1))
    assert alert.cause.type == "clock"
    assert alert.reasons == ("The NPS answer is at 20 of 100",)
    assert desk.clock(2) == desk.tick(2.2) == []


def test_a_live_first_score_in_at_risk_alerts_and_thirty_is_at_risk() -> None:
    assert kinds(Desk(AT_ONCE).say(answer(1, 3))) == ["contact_health_declined"]
    assert Desk(AT_ONCE).say(answer(1, 3.1)) == []


def test_strict_means_below_the_threshold() -> None:
    strict = model(contact_health_declined={"dwell_minutes": 0, "strict": True})
    assert Desk(strict).say(answer(1, 3)) == []
    assert kinds(Desk(strict).say(answer(1, 2.9))) == ["contact_health_declined"]


def test_little_evidence_is_not_enough_where_a_model_asks_for_more() -> None:
    desk = Desk(model(contact_health_declined={"dwell_minutes": 0, "min_confidence": "medium"}))
    told = [kinds(desk.say(answer(1 + number, 1))) for number in range(5)]
    assert told == [[], [], [], [], ["contact_health_declined"]]


def test_a_recovery_carries_the_episode_of_its_decline() -> None:
    desk = Desk(AT_ONCE)
    (decline,) = desk.say(answer(1, 2))
    assert desk.say(answer(2, 3.4)) == []
    (recovery,) = desk.say(answer(3, 3.5))
    assert recovery.kind == "contact_health_recovered"
    assert recovery.episode_id == decline.episode_id
    assert recovery.event_id != decline.event_id
    assert decline.event_id == event_id("acme", CONTACT, "alert.contact_health_declined", "1")
    (again,) = desk.say(answer(4, 1))
    assert (again.first_time, again.episode_id != decline.episode_id) == (False, True)


def test_a_kind_that_is_off_is_not_told() -> None:
    desk = Desk(model(contact_health_declined={"dwell_minutes": 0}))
    assert kinds(desk.say(answer(1, 2))) == ["contact_health_declined"]
    assert desk.say(answer(2, 9)) == []


def test_what_does_not_hold_for_the_dwell_is_held_back_and_counted_in_the_next() -> None:
    desk = Desk(DECLINE)
    desk.say(answer(1, 2))
    desk.say(answer(1 + 5 * MINUTE, 9))
    assert desk.clock(1 + 15 * MINUTE) == []
    desk.say(answer(2, 2))
    (alert,) = desk.clock(2 + 10 * MINUTE)
    assert alert.suppressed_count == 1


def test_what_still_holds_when_the_cooldown_ends_goes_out_then() -> None:
    desk = Desk(model(contact_health_declined={"dwell_minutes": 0, "cooldown_hours": 24}))
    desk.say(answer(1, 2))
    desk.say(answer(1.1, 9))
    assert desk.say(answer(1.2, 1)) == desk.clock(1.9) == []
    (alert,) = desk.clock(2.1)
    assert alert.at == from_milliseconds(ms(2))


def test_a_score_that_swings_around_the_edge_a_thousand_times_raises_one_alert_per_cooldown() -> None:
    for low, high in ((3, 4), (3, 3.2)):
        desk = Desk(model(contact_health_declined={"dwell_minutes": 1, "cooldown_hours": 24}))
        for swing in range(1000):
            at = 1 + swing * 10 * MINUTE  # a week
            desk.say(answer(at, low))
            desk.clock(at + 2 * MINUTE)
            desk.say(answer(at + 5 * MINUTE, high))
        held_back = sum(alert.suppressed_count for alert in desk.alerts)
        assert desk.row is not None
        waiting = desk.row.alerts[0].suppressed
        if high == 4:
            assert len(desk.alerts) == 7
            assert all(one.suppressed_count > 100 for one in desk.alerts[1:])
        else:
            assert len(desk.alerts) == 1, "never over the edge at which it is armed again"
        assert len(desk.alerts) + held_back + waiting == 1000


def test_a_dwell_of_ten_minutes_is_not_outrun_by_swings_of_five() -> None:
    desk = Desk(DECLINE)
    for swing in range(1000):
        at = 1 + swing * 10 * MINUTE
        desk.say(answer(at, 3))
        desk.say(answer(at + 5 * MINUTE, 4))
        desk.clock(at + 6 * MINUTE)
    assert desk.alerts == []


def test_alerts_follow_the_score_whatever_a_person_has_set() -> None:
    desk = Desk(AT_ONCE)
    desk.say(answer(1, 9))
    assert desk.say(override(2, "danger")) == []
    desk.say(override(3, "champion"))
    (alert,) = desk.say(answer(4, 1))
    assert (alert.band, alert.computed_band, alert.score) == ("champion", "at_risk", 10)


# Late, imports, models


def test_a_late_fact_raises_nothing_itself_and_what_still_holds_at_the_tick_goes_out_as_late() -> None:
    desk = Desk(AT_ONCE)
    desk.say(message(1))
    assert desk.say(answer(2, 1), at=5) == []
    assert desk.clock(5.1) == []
    (alert,) = desk.tick(5.2)
    assert (alert.kind, alert.late) == ("contact_health_declined", True)


def test_a_late_fact_that_is_outdated_by_the_tick_raises_nothing() -> None:
    desk = Desk(AT_ONCE)
    desk.say(answer(2, 1), at=5)
    desk.say(answer(5.1, 9))
    assert desk.tick(5.2) == []
    assert desk.row is not None
    assert desk.row.alerts == []


def test_a_recovery_by_a_late_fact_waits_for_the_tick_too() -> None:
    desk = Desk(AT_ONCE)
    desk.say(answer(1, 1))
    assert desk.say(answer(2, 9), at=5) == []
    (alert,) = desk.tick(5.2)
    assert (alert.kind, alert.late) == ("contact_health_recovered", True)


def test_a_recovery_that_waits_for_the_tick_goes_on_to_wait_under_another_model() -> None:
    desk = Desk(AT_ONCE)
    desk.say(answer(1, 1))
    desk.say(answer(2, 9), at=5)
    same = model("n", contact_health_declined={"dwell_minutes": 0, "cooldown_hours": 0}, contact_health_recovered={})
    assert desk.publish(same, 5.1) == []
    assert kinds(desk.tick(5.2)) == ["contact_health_recovered"]


def test_a_recovery_that_a_late_fact_has_only_begun_is_told_at_once() -> None:
    desk = Desk(AT_ONCE)
    desk.say(answer(1, 1))
    assert desk.say(answer(2, 9), at=5) == []
    assert desk.say(answer(5.1, 3.2)) == [], "between the edges: not at risk, and not over"
    (alert,) = desk.say(answer(5.15, 9))
    assert (alert.kind, alert.late) == ("contact_health_recovered", False)


def test_an_import_raises_no_storm_neither_at_once_nor_at_the_next_live_tick() -> None:
    desk = Desk(AT_ONCE)
    assert desk.say(answer(1, 1), mode="import") == []
    assert desk.tick(2, mode="import") == desk.tick(3) == desk.clock(3.1) == []
    assert desk.say(answer(4, 9)) == [], "nobody was told of the decline"
    (alert,) = desk.say(answer(5, 1))
    assert alert.first_time is False


def test_an_import_that_asks_for_alerts_gets_them() -> None:
    (alert,) = Desk(AT_ONCE).say(answer(1, 1), mode="import", alerts=True)
    assert alert.mode == "import"


@pytest.mark.parametrize("asked", [False, True])
def test_another_model_raises_alerts_only_if_it_asks_for_them(asked: bool) -> None:
    desk = Desk(AT_ONCE)
    desk.say(answer(1, 4))
    stricter = {"dwell_minutes": 0, "at": 50, "rearm_at": 60, "on_model_change": asked}
    told = desk.publish(model("n", contact_health_declined=stricter), 2)
    assert kinds(told) == (["contact_health_declined"] if asked else [])
    assert desk.clock(3) == desk.tick(4) == []


def test_a_decline_that_waits_for_its_dwell_survives_another_model() -> None:
    desk = Desk(DECLINE)
    desk.say(answer(1, 1))
    desk.publish(model("n", contact_health_declined={"dwell_minutes": 30}), 1 + MINUTE)
    assert desk.clock(1 + 20 * MINUTE) == []
    assert kinds(desk.clock(1 + 30 * MINUTE)) == ["contact_health_declined"]


LET_OUT_SOONER = {
    "dwell": ("contact_health_declined", {"dwell_minutes": 14_400}, {"dwell_minutes": 10}),
    "cooldown": (
        "contact_health_declined",
        {"dwell_minutes": 0, "cooldown_hours": 240},
        {"dwell_minutes": 0, "cooldown_hours": 24},
    ),
    "days": ("no_recovery", {"days": 14, "solved": 0}, {"days": 3, "solved": 0}),
}


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize(("kind", "before", "after"), LET_OUT_SOONER.values(), ids=LET_OUT_SOONER.keys())
def test_what_waits_is_told_no_sooner_by_another_model_unless_it_asks_for_that(
    kind: str, before: dict[str, Any], after: dict[str, Any], asked: bool
) -> None:
    desk = Desk(model(**{kind: before}))
    if "cooldown_hours" in before:
        assert kinds(desk.say(answer(0.5, 1))) == [kind]
        desk.say(answer(0.6, 9))
    assert desk.say(answer(1, 1)) == []
    told = desk.publish(model("n", **{kind: after | {"on_model_change": asked}}), 7)
    assert [(alert.kind, alert.cause.type) for alert in told] == ([(kind, "model_change")] if asked else [])
    assert desk.clock(8) == desk.tick(8.2) == desk.clock(20) == []
    desk.say(answer(21, 9))
    assert kinds([*desk.say(answer(22, 1)), *desk.clock(40)]) == [kind], "the next episode is told"


def test_what_the_new_rule_lets_wait_goes_out_when_that_is_over() -> None:
    desk = Desk(model(no_recovery={"days": 14, "solved": 0}))
    desk.say(answer(1, 1))
    assert desk.publish(model("n", no_recovery={"days": 7, "solved": 0}), 7) == []
    (alert,) = desk.clock(9)
    assert (alert.at, alert.cause.type) == (from_milliseconds(ms(8)), "clock")


def test_a_dwell_that_was_over_by_the_rule_before_is_told_although_a_model_comes_first() -> None:
    desk = Desk(DECLINE)
    desk.say(answer(1, 1))
    (alert,) = desk.publish(model("n", contact_health_declined={"dwell_minutes": 0}), 2)
    assert (alert.at, alert.cause.type) == (from_milliseconds(ms(1 + 10 * MINUTE)), "clock")


def test_a_live_decline_is_told_although_an_import_touches_the_contact_first() -> None:
    desk = Desk(DECLINE)
    desk.say(answer(1, 1))
    assert kinds(desk.say(answer(1.1, 2), mode="import")) == ["contact_health_declined"]


def test_a_shorter_dwell_raises_no_storm_of_those_who_wait() -> None:
    """200 contacts of one partition, swept at once."""
    fold, rows, told = PartitionFold(), {}, []
    whose = [Subject("acme", f"c{number}") for number in range(200)]
    entries: list[tuple[Subject | None, Any]] = [
        (None, published(model(contact_health_declined={"dwell_minutes": 14_400}), 0)),
        *((subject, Signal(at=ms(1), fact=answer(1, 1, contact=subject.contact))) for subject in whose),
        (None, published(model("n", contact_health_declined={"dwell_minutes": 10}), 3)),
        (None, Signal(at=ms(3.1), fact=Clock())),
    ]
    for offset, (subject, signal) in enumerate(entries):
        if subject is None:
            fold.enter(offset, signal)
            fold.sweep_due()
            for subject, row in rows.items():
                for reaction in [*fold.due_row(subject, row), *fold.sweep_row(subject, row)]:
                    told += reaction.alerts
            fold.sweep_done()
        else:
            row, _ = fold.signal(offset, subject, None, signal)
            assert row is not None
            rows[subject] = row
    assert told == []
    assert all(row.due_at is None for row in rows.values())


# Reasons


def test_a_second_decline_within_a_day_says_what_is_low() -> None:
    """Against the close of the morning nothing was lost."""
    desk = Desk(msgspec.json.encode({"version": "m", "components": {"nps": {}}}))
    desk.say(answer(2 / 24, 1))
    desk.clock(3 / 24)
    desk.tick(4 / 24)
    desk.say(answer(8 / 24, 9))
    desk.say(answer(10 / 24, 1))
    (alert,) = desk.clock(1.5)
    assert (alert.kind, alert.reasons) == ("contact_health_declined", ("The NPS answer is at 10 of 100",))


def test_a_decline_of_components_that_are_not_low_names_the_lowest() -> None:
    document = {
        "version": "m",
        "components": {"nps": {}, "csat": {}},
        "alerts": {"contact_health_declined": {"at": 90, "rearm_at": 99, "dwell_minutes": 0}},
    }
    desk = Desk(msgspec.json.encode(document))
    desk.say(answer(1, 10, "csat"))
    (alert,) = desk.say(answer(1.1, 7))
    assert alert.reasons == ("The NPS answer is at 70 of 100",)


def test_what_caps_the_score_is_a_reason() -> None:
    document = {
        "version": "m",
        "components": {"nps": {}},
        "exceptions": [{"name": "urgent-ticket", "when": {"open_ticket": {"severity": "urgent"}}, "cap": 20}],
    }
    desk = Desk(msgspec.json.encode(document))
    desk.say(answer(1, 9))
    desk.tick(1.2)
    desk.say(opened(2, "t", severity="urgent"))
    told = {alert.kind: alert.reasons for alert in desk.alerts + desk.clock(2.1)}
    assert told == {
        "steep_drop": ("The score fell by 70 points within 7 days", "Urgent ticket caps the score at 20"),
        "contact_health_declined": ("Urgent ticket caps the score at 20",),
    }


# The other kinds


def test_a_steep_drop_is_measured_from_the_highest_close_of_the_week() -> None:
    desk = Desk(model(steep_drop={}))
    for day, value in ((1, 6), (3, 8), (4, 7)):
        desk.say(answer(day, value))
        desk.tick(day + 0.2)
    assert desk.say(answer(5, 6.6)) == []
    (alert,) = desk.say(answer(6, 6.5))
    assert alert.reasons[0] == "The score fell by 15 points within 7 days"
    assert desk.say(answer(6.1, 5)) == []


def test_more_tickets_than_usual_are_told() -> None:
    desk = Desk(model(ticket_volume_rising={}))
    desk.say(answer(0, 9))
    for number in range(4):
        assert desk.say(opened(1 + number * 10, f"h{number}")) == []
    assert desk.say(opened(50, "a")) == desk.say(opened(51, "b")) == []
    (alert,) = desk.say(opened(52, "c"))
    assert alert.reasons == ("3 tickets in 14 days, 3.2 times the usual rate",)


def test_time_alone_begins_no_second_episode_of_more_tickets() -> None:
    desk = Desk(model(ticket_volume_rising={"cooldown_hours": 0}))
    desk.say(answer(0, 9))
    for number in range(6):
        desk.say(opened(1 + number, f"h{number}"))
    for number in range(4):
        desk.say(opened(50 + number, f"a{number}"))
    assert kinds(desk.alerts) == ["ticket_volume_rising"]
    desk.tick(65.2)
    for number in range(3):
        desk.say(opened(71 + number / 10, f"b{number}"))
    assert len(desk.alerts) == 1, "three of fourteen days against ten of sixty"
    desk.tick(78.2)
    assert len(desk.alerts) == 1, "the six of the first days are history no more, but nothing came"


def test_more_severe_tickets_than_before_are_told() -> None:
    desk = Desk(model(severity_rising={}))
    desk.say(answer(0, 9))
    for number in range(3):
        desk.say(opened(1 + number * 10, f"h{number}", severity="normal"))
    assert desk.say(opened(50, "a", severity="urgent")) == []
    (alert,) = desk.say(opened(51, "b", severity="urgent"))
    assert alert.reasons == ("Tickets of the last 14 days are 2.0 levels more severe than before",)


def test_one_level_more_is_one_level_whatever_the_thirds_are_in_floats() -> None:
    desk = Desk(model(severity_rising={"levels": 1}))
    desk.say(answer(0, 9))
    for number, severity in enumerate(("low", "normal", "normal", "normal", "normal", "normal")):
        desk.say(opened(1 + number, f"h{number}", severity=severity))
    for number, severity in enumerate(("normal", "high", "high", "high", "high", "high")):
        desk.say(opened(50 + number / 10, f"a{number}", severity=severity))
    assert len(desk.alerts) == 1, "11/6 less 5/6"


@pytest.mark.parametrize("above", [False, True])
def test_no_recovery_after_solved_tickets_is_told_by_the_clock_unless_it_was_above(above: bool) -> None:
    desk = Desk(model(no_recovery={"days": 14, "solved": 2}))
    desk.say(answer(1, 1))
    for number in range(2):
        desk.say(opened(2, f"t{number}"))
        desk.say(solved(3 + number, f"t{number}"))
    if above:
        desk.say(answer(8, 9))
        desk.say(answer(9, 1))
    assert desk.clock(14.9) == []
    told = desk.clock(15.1)
    if above:
        assert told == []
    else:
        assert told[0].at == from_milliseconds(ms(15))
        assert told[0].reasons[0] == "At risk for 14 days, although 2 tickets were solved"


def test_no_recovery_waits_for_the_tickets_if_the_days_are_over_first() -> None:
    desk = Desk(model(no_recovery={"days": 14, "solved": 1}))
    desk.say(answer(1, 1))
    desk.say(opened(2, "t"))
    assert desk.clock(20) == []
    assert kinds(desk.say(solved(21, "t"))) == ["no_recovery"]


def test_no_recovery_waits_for_its_days_although_the_tickets_came_late() -> None:
    desk = Desk(model(no_recovery={"days": 14, "solved": 1}))
    desk.say(answer(1, 1))
    desk.say(opened(1.1, "t"))
    desk.say(solved(1.5, "t"), at=5)
    told = [desk.tick(day + 0.2) for day in range(5, 17)]
    assert [kinds(alerts) for alerts in told] == [[]] * 10 + [["no_recovery"], []]


def test_messages_that_read_frustrated_or_sad_are_told() -> None:
    desk = Desk(model(tone={}))
    desk.say(answer(0, 9))
    assert desk.say(message(1, "negative", tones=("frustrated",))) == []
    assert desk.say(message(2, "positive")) == []
    (alert,) = desk.say(message(3, "negative", tones=("sad",)))
    assert alert.reasons == ("2 of the last 3 messages read frustrated or sad",)
    assert desk.say(message(4, "negative", tones=("sad",))) == []


# Rows and models


def test_a_quiet_contact_has_no_state_of_alerts_and_is_never_due() -> None:
    desk = Desk()
    for day in range(5):
        desk.say(message(day, "positive"))
        desk.tick(day + 0.2)
    assert desk.row is not None
    assert (desk.row.alerts, desk.row.due_at) == ([], None)


def test_what_is_due_lies_ahead_of_the_row() -> None:
    desk = Desk(DECLINE)
    desk.say(answer(1, 1))
    assert desk.row is not None
    assert desk.row.due_at == next_due(desk.row, parse_model(DECLINE)) == ms(1) + DAY // 144


@pytest.mark.parametrize(
    "alerts",
    [
        {"contact_health_declined": {"at": 40, "rearm_at": 40}},
        {"contact_health_declined": {"rearm_at": 30}},
        {"contact_health_declined": {"at": 100}},
        {"contact_health_declined": {"dwell_minutes": -1}},
        {"steep_drop": {"rearm_points": 15}},
        {"ticket_volume_rising": {"rearm_ratio": 2}},
        {"severity_rising": {"rearm_levels": 1}},
        {"tone": {"upset": 4}},
        {"nobody": {}},
    ],
)
def test_a_rule_that_would_flap_or_cannot_be_is_refused(alerts: dict[str, Any]) -> None:
    document = {"version": "m", "components": {"nps": {}}, "alerts": alerts}
    with pytest.raises(ModelError, match=next(iter(alerts))):
        parse_model(msgspec.json.encode(document))


def edges(bands: dict[str, int], **rule: int) -> tuple[Any, Any]:
    document = {"version": "m", "components": {"nps": {}}, "bands": bands, "alerts": {"contact_health_declined": rule}}
    found: Any = parse_model(msgspec.json.encode(document)).rules.by_name["contact_health_declined"]
    return found.at, found.rearm_at


def test_a_decline_goes_by_the_bands_where_the_model_does_not_say_otherwise() -> None:
    assert edges({}) == (30, 35)
    assert edges({"needs_attention": 51}) == (50, 55)
    assert edges({"needs_attention": 51}, at=30) == (30, 35)
    assert edges({"needs_attention": 51}, at=30, rearm_at=60) == (30, 60)
    assert edges({"needs_attention": 51}, rearm_at=80) == (50, 80)
    assert edges({"needs_attention": 98, "healthy": 99, "champion": 100}) == (97, 100)
    with pytest.raises(ModelError, match=r"contact_health_declined: `rearm_at` must be above `at` \(50\)"):
        edges({"needs_attention": 51}, rearm_at=35)


def test_a_decline_in_a_segment_goes_by_the_bands_of_the_segment() -> None:
    document = {
        "version": "m",
        "components": {"nps": {}},
        "segments": [{"name": "gold", "when": {"attributes": {"plan": "gold"}}, "bands": {"needs_attention": 51}}],
    }
    model = parse_model(msgspec.json.encode(document))
    rules: Any = [one.rules.by_name["contact_health_declined"] for one in (model, model.segments[0][1])]
    assert [(rule.at, rule.rearm_at) for rule in rules] == [(30, 35), (50, 55)]


def test_a_first_score_at_risk_is_told_wherever_the_model_lays_the_bands() -> None:
    document = {"version": "m", "components": {"nps": {}}, "bands": {"needs_attention": 51}}
    desk = Desk(msgspec.json.encode(document))
    assert desk.say(answer(1, 5)) == []
    (alert,) = desk.clock(1 + 11 * MINUTE)
    assert (alert.kind, alert.score, alert.computed_band) == ("contact_health_declined", 50, "at_risk")


def test_a_model_that_says_nothing_of_alerts_has_all_kinds() -> None:
    silent: HealthModel = parse_model(b'{"version": "m", "components": {"nps": {}}}')
    assert [rule.name for rule in silent.alerts] == [rule.name for rule in DEFAULT_MODEL.alerts]
