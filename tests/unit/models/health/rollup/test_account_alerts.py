"""Alerts of accounts, and what ends for an account by the clock of the log."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.health.accounts.alerts.registry import ACCOUNT_ALERTS
from models.health.accounts.fold import AccountFold
from models.health.accounts.model import parse_account_model
from models.health.accounts.state import AccountState, decode, encode
from models.health.errors import ModelError
from schemas.base import Band, from_milliseconds
from schemas.control import ModelPublished, OverrideSet
from schemas.scores import AccountScoreUpdated, AlertRaised
from schemas.signals import (
    AccountSignal,
    Clock,
    Contribution,
    MemberContribution,
    MemberLeft,
    MembersForgotten,
    Tick,
    TickDone,
)
from tests.support.scenario_checks import differences
from tests.support.scenario_runs import in_process
from tests.support.scenarios import load
from tests.unit.models.health.building import ms
from tests.unit.models.health.rollup.test_accounts import base, company, when
from tests.unit.models.health.rollup.world import day_of

SUBJECT = ("acme", "a")
MINUTE = 1 / 1440


class One:
    """One account over its log; its row is seen as bytes between entries."""

    def __init__(self) -> None:
        self.fold = AccountFold()
        self.row: bytes | None = None
        self.offset = -1
        self.gave: dict[str, Contribution] = {}
        self.scores: list[AccountScoreUpdated] = []

    def take(self, signal: AccountSignal, keyed: bool = True, sweep: bool = True) -> list[AlertRaised]:
        self.offset += 1
        if not keyed:
            self.fold.enter(self.offset, signal)
            return self.look() if sweep else []
        row, reactions = self.fold.signal(self.offset, SUBJECT, self.state, signal)
        assert row is not None
        return self._out(row, reactions)

    def look(self) -> list[AlertRaised]:
        """What the clock and the sweep do to the row."""
        told = []
        if self.row is not None:
            row = decode(self.row)
            until = self.fold.due_until
            if until is not None and row.due_at is not None and row.due_at <= until:
                told += self._out(row, self.fold.due_row(SUBJECT, row))
            if self.fold.sweep_due():
                told += self._out(row, self.fold.sweep_row(SUBJECT, row))
                self.fold.sweep_done()
            self.fold.due_done(row.due_at)
        return told

    def _out(self, row: AccountState, reactions: Any) -> list[AlertRaised]:
        self.row = encode(row)
        self.scores += [one.score for one in reactions if one.score is not None]
        return [alert for one in reactions for alert in one.alerts]

    @property
    def state(self) -> AccountState | None:
        return None if self.row is None else decode(self.row)

    def member(self, days: float, score: int, contact: str = "ada", **more: Any) -> list[AlertRaised]:
        band: Band = "healthy" if score > 60 else "at_risk" if score <= 30 else "needs_attention"
        entry = {name: more.pop(name) for name in ("mode", "alerts", "remodelled", "late") if name in more}
        absorbed = more.pop("absorbed", None)
        gives = Contribution(score=score, band=band, confidence="low", **more)
        fact = MemberContribution(**_of(contact), gives=gives, gave=self.gave.get(contact), absorbed=absorbed)
        self.gave[contact] = gives
        return self.take(AccountSignal(at=ms(days), fact=fact, **entry))

    def left(self, days: float, contact: str, merged: bool = False) -> list[AlertRaised]:
        fact = MemberLeft(**_of(contact), gave=self.gave.pop(contact), merged=merged)
        return self.take(AccountSignal(at=ms(days), fact=fact))

    def own(self, fact: Any, at: float | None = None) -> list[AlertRaised]:
        return self.take(
            AccountSignal(at=ms(at) if at is not None else round(fact.occurred_at.timestamp() * 1000), fact=fact)
        )

    def clock(self, days: float, sweep: bool = True) -> list[AlertRaised]:
        return self.take(AccountSignal(at=ms(days), fact=Clock()), keyed=False, sweep=sweep)

    def close(self, day: int) -> list[AlertRaised]:
        at = ms(day + 4 / 24)
        told = self.take(AccountSignal(at=at, fact=Tick(day=day_of(day))), keyed=False)
        done = TickDone(day=day_of(day), partition=0, partitions=1)
        return told + self.take(AccountSignal(at=at, fact=done), keyed=False)

    def model(self, days: float, **account: Any) -> list[AlertRaised]:
        document = {"version": "2", "components": {"nps": {}}, "account": account}
        fact = ModelPublished(**base(days, version="2", author="u"), model=msgspec.Raw(msgspec.json.encode(document)))
        return self.take(AccountSignal(at=ms(days), fact=fact), keyed=False)


def _of(contact: str) -> dict[str, Any]:
    return {"tenant": "acme", "account": "a", "contact": contact, "seq": 1}


def kinds(alerts: list[AlertRaised]) -> list[str]:
    return [alert.kind for alert in alerts]


def test_a_decline_goes_out_after_its_dwell_by_the_clock_with_seats_and_renewal() -> None:
    one = One()
    one.own(company(0, seats=500, renewal_at=when(200)))
    one.member(1, 70)
    assert one.member(2, 20) == []
    assert one.clock(2 + 9 * MINUTE) == []
    (alert,) = one.clock(2 + 11 * MINUTE)
    assert (alert.kind, alert.account, alert.contact) == ("account_health_declined", "a", None)
    assert (alert.seats, alert.renewal_at) == (500, when(200))
    assert (alert.score, alert.band, alert.first_time) == (20, "at_risk", True)
    assert (alert.at, alert.since, alert.cause.type) == (when(2 + 10 * MINUTE), when(2), "clock")
    assert alert.reasons[0] == "1 of 1 contacts are at risk"
    assert one.clock(2 + 12 * MINUTE) == []


def test_a_recovery_bears_the_episode_of_the_decline() -> None:
    one = One()
    one.member(1, 20)
    (declined,) = one.clock(2)
    assert one.member(3, 32) == []  # armed again from 35 on
    (recovered,) = one.member(4, 40)
    assert recovered.kind == "account_health_recovered"
    assert recovered.episode_id == declined.episode_id
    assert recovered.event_id != declined.event_id


def test_a_decline_within_the_dwell_and_one_within_the_cooldown_are_counted() -> None:
    one = One()
    one.member(1, 20)
    one.member(1 + 5 * MINUTE, 50)
    assert one.clock(1.5) == []
    one.member(2, 20)
    (first,) = one.clock(2 + 11 * MINUTE)
    assert first.suppressed_count == 1
    one.member(2.2, 50)
    one.member(2.3, 20)
    assert one.clock(2.5) == []
    assert kinds(one.clock(3 + 12 * MINUTE)) == ["account_health_declined"]


def test_the_reasons_tell_what_the_components_lost() -> None:
    one = One()
    one.member(1, 80)
    one.close(2)
    one.member(3, 20)
    (alert,) = one.clock(3.1)
    assert "The contacts' scores lost 60 points in 1 day" in alert.reasons
    assert alert.previous_score == 80


def test_a_decline_in_which_nothing_was_lost_and_nobody_is_at_risk_says_what_is_low() -> None:
    one = One()
    one.model(0, bands={"needs_attention": 51})
    one.member(1, 45)
    (alert,) = one.clock(2)
    assert (alert.kind, alert.reasons) == (
        "account_health_declined",
        ("The mean of the contacts' scores is at 45 of 100",),
    )


def test_a_healthy_account_that_comes_to_renew_is_an_opportunity_once() -> None:
    one = One()
    one.own(company(0, renewal_at=when(100)))
    one.member(1, 70)
    assert one.close(5) == []
    one.close(11)  # 89 days are left
    (alert,) = one.clock(11.5)
    assert (alert.kind, alert.renewal_at) == ("expansion_opportunity", when(100))
    assert alert.reasons == ("The account scores 70 and renews in 88 days",)
    one.member(12, 58)
    assert one.member(13, 70) == []
    assert one.clock(14) == []
    one.own(company(20, renewal_at=when(465)))  # it has renewed
    assert one.close(21) == []
    one.close(380)
    assert kinds(one.clock(380.5)) == ["expansion_opportunity"]


def test_no_account_that_needs_attention_is_an_opportunity() -> None:
    one = One()
    one.own(company(0, renewal_at=when(30)))
    one.member(1, 60)
    assert one.clock(2) == []
    one.member(3, 61)
    assert kinds(one.clock(4)) == ["expansion_opportunity"]


def test_each_change_of_the_decision_maker_is_told_and_the_first_one_is_none() -> None:
    """Rule 9.13: the first one ever raises nothing, and each change is an episode of its own."""
    one = One()
    assert one.member(1, 70, decision_maker=True) == []
    (alert,) = one.member(2, 70, "bob", decision_maker=True)
    assert (alert.kind, alert.reasons) == ("new_point_of_contact", ("The decision maker has changed",))
    assert one.member(2.5, 71, "bob", decision_maker=True) == []
    (second,) = one.member(4, 70, decision_maker=False)
    assert (second.kind, second.first_time) == ("new_point_of_contact", False)
    assert second.episode_id != alert.episode_id
    (third,) = one.member(6, 70, "bob", decision_maker=False)
    assert third.reasons == ("The decision maker has gone, and there is no other one",)


def test_two_changes_of_the_decision_maker_in_one_day_are_told_a_day_apart() -> None:
    one = One()
    one.member(1, 70, decision_maker=True)
    assert kinds(one.member(2, 70, "bob", decision_maker=True)) == ["new_point_of_contact"]
    assert one.member(2.5, 70, decision_maker=False) == []
    assert one.clock(2.9) == []
    assert kinds(one.clock(3.1)) == ["new_point_of_contact"]


def test_a_change_of_the_decision_maker_long_ago_is_not_told() -> None:
    """Rule 9.13: a change more than `days` ago raises nothing."""
    one = One()
    one.member(100, 70, decision_maker=True, in_role_since=ms(1))
    assert one.member(101, 70, "bob", decision_maker=True, in_role_since=ms(50)) == []


def changed_at(one: One) -> int | None:
    assert one.state is not None
    return one.state.roles.changed_at(ms(1000))


def test_a_role_that_is_completed_or_corrected_to_an_earlier_time_is_no_change() -> None:
    one = One()
    one.member(1, 70, decision_maker=True)
    told = one.member(2, 70, decision_maker=True, in_role_since=ms(-10))
    told += one.member(3, 70, decision_maker=True, in_role_since=ms(-900))
    assert told == []
    assert changed_at(one) is None
    assert kinds(one.member(5, 70, "bob", decision_maker=True)) == ["new_point_of_contact"]
    one.member(6, 70, "bob", decision_maker=True, in_role_since=ms(-500))
    assert changed_at(one) == ms(-500)


def test_a_role_begun_anew_is_a_change_and_so_is_another_contacts() -> None:
    one = One()
    one.member(1, 70, decision_maker=True, in_role_since=ms(-900))
    assert kinds(one.member(3, 70, decision_maker=True, in_role_since=ms(2))) == ["new_point_of_contact"]
    other = One()
    other.member(1, 70, decision_maker=True)
    other.member(2, 70, "bob", decision_maker=True)
    other.member(3, 70, decision_maker=True, in_role_since=ms(-900))
    assert changed_at(other) == ms(2)


def test_who_has_gone_and_comes_again_began_twice() -> None:
    one = One()
    one.member(1, 70, decision_maker=True)
    one.member(2, 70, decision_maker=False)
    one.member(3, 70, decision_maker=True, in_role_since=ms(0))
    assert changed_at(one) == ms(2)


@pytest.mark.parametrize("since", [None, ms(-900)])
@pytest.mark.parametrize("left_first", [True, False])
def test_two_contacts_that_are_one_person_are_no_change_in_either_order(since: int | None, left_first: bool) -> None:
    one = One()
    told = one.member(1, 70, "eve") + one.member(1, 60)
    told += one.member(1, 70, "old", decision_maker=True, in_role_since=since)
    if left_first:
        told += one.left(5, "old", merged=True)
    told += one.member(5, 70, decision_maker=True, in_role_since=since, absorbed="old")
    if not left_first:
        told += one.left(5, "old", merged=True)
    told += one.member(7, 70, decision_maker=True, in_role_since=ms(-900))
    assert told + one.clock(8) + one.close(9) == []
    assert changed_at(one) is None
    assert kinds(one.left(10, "ada")) == ["new_point_of_contact"]


def test_what_is_known_of_one_person_dates_both_contacts() -> None:
    one = One()
    one.member(1, 70, "old", decision_maker=True)
    one.member(2, 60, decision_maker=True, in_role_since=ms(-900))
    one.left(5, "old", merged=True)
    one.member(5, 60, decision_maker=True, in_role_since=ms(-900), absorbed="old")
    assert changed_at(one) is None


def test_each_decrease_of_the_seats_is_told() -> None:
    one = One()
    one.member(0, 70)
    one.own(company(1, seats=100))
    assert one.own(company(2, seats=97)) == []  # less than one of twenty
    (alert,) = one.own(company(3, seats=80))
    assert (alert.kind, alert.seats) == ("seats_decreased", 80)
    assert alert.reasons == ("The account went from 100 to 80 seats within 30 days",)
    assert one.own(company(4, seats=85)) == []
    (second,) = one.own(company(6, seats=60))
    assert (second.kind, second.first_time) == ("seats_decreased", False)
    assert one.close(40) == []
    assert kinds(one.own(company(41, seats=50))) == ["seats_decreased"]


def test_a_decrease_after_most_of_the_seats_have_come_back_is_a_further_one() -> None:
    one = One()
    one.member(0, 70)
    one.own(company(1, seats=100))
    assert kinds(one.own(company(3, seats=80))) == ["seats_decreased"]
    assert one.own(company(5, seats=97)) == []
    assert kinds(one.own(company(8, seats=90))) == ["seats_decreased"]


def test_seven_of_a_hundred_seats_are_a_share_of_seven_hundredths() -> None:
    one = One()
    one.model(0, alerts={"seats_decreased": {"share": 0.07}})
    one.member(0, 70)
    one.own(company(1, seats=100))
    assert kinds(one.own(company(3, seats=93))) == ["seats_decreased"]


def test_fewer_orders_are_no_seats() -> None:
    one = One()
    one.member(0, 70)
    one.own(company(1, orders=100))
    assert one.own(company(3, orders=10)) == []


def test_orders_are_not_compared_with_seats() -> None:
    one = One()
    one.member(0, 70)
    one.own(company(1, orders=500))
    assert one.own(company(5, orders=510, seats=50)) == []


def test_a_decrease_that_profiles_tell_again_and_again_is_told_once() -> None:
    one = One()
    one.member(0, 70)
    one.own(company(1, seats=100))
    told = [one.own(company(3.1 + hour / 24, seats=60)) for hour in range(100)]
    assert [kinds(alerts) for alerts in told if alerts] == [["seats_decreased"]]


def test_a_profile_without_seats_ends_nothing() -> None:
    one = One()
    one.member(0, 70)
    one.own(company(1, seats=100))
    assert kinds(one.own(company(3, seats=60))) == ["seats_decreased"]
    assert one.own(company(5, orders=3)) == one.own(company(7, seats=60)) == []
    assert kinds(one.own(company(9, seats=50))) == ["seats_decreased"]


def test_an_account_without_a_score_raises_nothing() -> None:
    one = One()
    one.own(company(1, seats=100))
    assert one.own(company(3, seats=10)) == []


def test_what_occurred_more_than_a_day_ago_is_told_at_the_close_of_a_day() -> None:
    one = One()
    one.member(0, 70)
    one.own(company(1, seats=100))
    assert one.own(company(2, seats=50), at=4) == []
    assert one.clock(4.1) == []
    (alert,) = one.close(5)
    assert (alert.kind, alert.late) == ("seats_decreased", True)


def test_what_a_contact_gives_by_a_late_fact_begins_and_ends_nothing_before_the_close_of_a_day() -> None:
    one = One()
    one.member(1, 70)
    assert one.member(2, 20, late=True) == one.clock(2.1) == []
    (declined,) = one.close(3)
    assert (declined.kind, declined.late) == ("account_health_declined", True)
    assert one.member(4, 70, late=True) == one.clock(4.1) == []
    (recovered,) = one.close(5)
    assert (recovered.kind, recovered.late) == ("account_health_recovered", True)


LATE = """
rules: ["8.7", "9.10"]
title: An answer that is heard two days late is told in the morning, of the contact and of its account
until: day 5
model:
  components: {nps: {}}
  alerts: {steep_drop: {enabled: false}}
  account: {alerts: {account_health_declined: {dwell_minutes: 0}}}
events:
  - {at: day 0 08:00, profile: {account: acme}}
  - {at: day 0 09:00, nps: 8}
  - {at: day 1 09:00, heard: day 3 10:00, nps: 1}
expect:
  - {alerts: [{kind: contact_health_declined, at: day 4 04:00, late: true}]}
  - {account: acme, score: 10, alerts: [{kind: account_health_declined, at: day 4 04:00, late: true}]}
"""


def test_a_late_answer_of_a_contact_is_told_of_its_account_in_the_morning(tmp_path: Path) -> None:
    """No scenario file: through workers that read a finished log, what a contact gives comes after all ticks."""
    file = tmp_path / "late.yaml"
    file.write_text(LATE)
    scenario = load(file)
    assert differences(scenario, in_process(scenario)) == []


def test_an_import_tells_nothing_unless_it_asks_for_it() -> None:
    for asked in (False, True):
        one = One()
        one.member(0, 70, mode="import", alerts=asked)
        one.member(1, 20, mode="import", alerts=asked)
        told = one.clock(2)
        assert kinds(told) == (["account_health_declined"] if asked else [])
        one.member(3, 10)
        assert one.clock(4) == []


def test_a_model_tells_nothing_neither_by_itself_nor_by_the_contacts_that_it_moved() -> None:
    one = One()
    one.member(1, 50)
    assert one.model(2, alerts={"account_health_declined": {"at": 60, "rearm_at": 65}}) == []
    assert one.clock(3) == []
    other = One()
    other.member(1, 50)
    assert other.member(2, 20, remodelled=True) == []
    assert other.clock(3) == []
    assert other.member(4, 50) == []  # nobody was told, so nobody is told that it is over
    other.member(5, 20)
    assert kinds(other.clock(6)) == ["account_health_declined"]


@pytest.mark.parametrize("asked", [False, True])
def test_what_waits_is_told_no_sooner_by_another_model_unless_it_asks_for_that(asked: bool) -> None:
    one = One()
    one.model(0, alerts={"account_health_declined": {"dwell_minutes": 14_400}})
    one.member(1, 20)
    one.clock(7)
    told = one.model(7, alerts={"account_health_declined": {"dwell_minutes": 10, "on_model_change": asked}})
    assert kinds(told) == (["account_health_declined"] if asked else [])
    assert one.clock(8) == one.close(9) == []


def test_what_waits_is_told_in_time_whatever_a_model_gives_by_contacts_meanwhile() -> None:
    one = One()
    one.member(1, 20)
    assert one.member(1 + 5 * MINUTE, 15, remodelled=True) == []
    assert kinds(one.member(1 + 15 * MINUTE, 10, remodelled=True)) == ["account_health_declined"]


def test_a_rule_can_be_asked_to_tell_what_a_model_raises() -> None:
    one = One()
    one.member(1, 50)
    rule = {"at": 60, "rearm_at": 65, "on_model_change": True}
    one.model(2, alerts={"account_health_declined": rule})
    assert kinds(one.clock(3)) == ["account_health_declined"]


def test_a_kind_that_is_off_is_not_told() -> None:
    one = One()
    one.model(0, alerts={"account_health_declined": {"enabled": False}})
    one.member(1, 20)
    assert one.clock(2) == []


def test_a_kind_turned_off_and_on_again_is_looked_at_anew_and_raises_no_storm() -> None:
    off = {"account_health_declined": {"enabled": False}}
    one = One()
    one.member(1, 20)
    one.model(1 + MINUTE, alerts=off)
    assert one.model(1 + 20 * MINUTE) == one.clock(2) == []
    other = One()
    other.member(1, 20)
    assert kinds(other.clock(1.5)) == ["account_health_declined"]
    other.model(2, alerts=off)
    assert other.model(3) == other.member(4, 50) == [], "its episode has ended untold"


def test_what_is_told_anew_after_a_reset_raises_nothing_twice() -> None:
    one = One()
    one.member(1, 70, decision_maker=True)
    one.member(2, 70, "bob", decision_maker=True)
    one.member(5, 20)
    one.member(5, 20, "bob", decision_maker=True)
    assert kinds(one.clock(6)) == ["account_health_declined"]
    assert one.take(AccountSignal(at=ms(10), fact=MembersForgotten()), keyed=False) == []
    one.gave = {}
    assert one.clock(10.1) == []
    told = one.member(1, 70, decision_maker=True) + one.member(2, 70, "bob", decision_maker=True)
    told += one.member(5, 20) + one.member(5, 20, "bob", decision_maker=True)
    assert told + one.clock(11) + one.close(12) == []


def test_a_band_set_by_hand_ends_by_the_clock_and_neither_raises_nor_silences() -> None:
    one = One()
    one.member(1, 70)
    fact = OverrideSet(**base(2, account="a"), band="at_risk", reason="r", author="u", expires_at=when(2 + 60 * MINUTE))
    assert one.own(fact) == []
    assert one.scores[-1].band == "at_risk"
    assert one.clock(2 + 59 * MINUTE) == []
    assert one.scores[-1].band == "at_risk"
    assert one.clock(2 + 61 * MINUTE) == []
    last = one.scores[-1]
    assert (last.band, last.cause.type, last.at) == ("healthy", "override", when(2 + 60 * MINUTE))
    count = len(one.scores)
    one.clock(3)
    assert len(one.scores) == count


@pytest.mark.parametrize("then", ["signal", "model", "close", "clock"])
def test_what_falls_due_is_the_same_whichever_looks_at_the_row_first(then: str) -> None:
    def story(swept: bool) -> tuple[list[AlertRaised], list[AccountScoreUpdated]]:
        one = One()
        one.own(company(0, seats=10, renewal_at=when(50)))
        one.member(1, 70)
        told = one.own(
            OverrideSet(**base(1.5, account="a"), band="at_risk", reason="r", author="u", expires_at=when(3))
        )
        told += one.member(2, 20)
        told += one.clock(2.5, sweep=swept)
        told += one.clock(3.5, sweep=swept)
        match then:
            case "signal":
                told += one.member(4, 90)
            case "model":
                told += one.model(4, alerts={"account_health_declined": {"dwell_minutes": 5000}})
            case "close":
                told += one.close(4)
        return told + one.clock(5), one.scores

    assert story(swept=True) == story(swept=False)
    assert kinds(story(swept=True)[0])[:2] == ["expansion_opportunity", "account_health_declined"]


@pytest.mark.parametrize("name", ACCOUNT_ALERTS)
def test_each_kind_has_a_name_a_number_and_a_source_of_its_own(name: str) -> None:
    kind = ACCOUNT_ALERTS[name]
    assert kind.__doc__ is not None
    assert "Source: " in kind.__doc__
    assert [one.code for one in ACCOUNT_ALERTS.values()].count(kind.code) == 1


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ({"contact_health_declined": {}}, "no such kind of account alert"),
        ({"account_health_declined": {"at": 40, "rearm_at": 35}}, "rearm_at"),
        ({"account_health_declined": {"rearm_at": 30}}, "`rearm_at` must be above `at` (30)"),
        ({"seats_decreased": {"share": 2}}, "<= 1"),
        ({"expansion_opportunity": {"day": 2}}, "day"),
    ],
)
def test_a_bad_rule_is_refused_with_its_place(alerts: dict[str, Any], said: str) -> None:
    document = {"version": "2", "components": {"nps": {}}, "account": {"alerts": alerts}}
    with pytest.raises(ModelError) as error:
        parse_account_model(msgspec.json.encode(document))
    (problem,) = error.value.problems
    assert problem.path[:3] == ("account", "alerts", next(iter(alerts)))
    assert said in str(error.value)


@pytest.mark.parametrize("own", [False, True])
def test_a_decline_goes_by_the_bands_of_accounts_or_by_those_of_contacts(own: bool) -> None:
    block = {"bands": {"needs_attention": 51}}
    document = {"version": "2", "components": {"nps": {}}} | ({"account": block} if own else block)
    rule: Any = parse_account_model(msgspec.json.encode(document)).alerts[0]
    assert (rule.name, rule.at, rule.rearm_at) == ("account_health_declined", 50, 55)


def test_an_account_at_risk_is_told_wherever_the_model_lays_the_bands() -> None:
    one = One()
    one.model(0, bands={"needs_attention": 51})
    one.member(1, 50)
    (alert,) = one.clock(2)
    assert (alert.kind, alert.score, alert.computed_band) == ("account_health_declined", 50, "at_risk")
    assert one.member(3, 54) == []
    assert kinds(one.member(4, 55)) == ["account_health_recovered"]


def test_times_of_alerts_are_those_of_the_log() -> None:
    one = One()
    one.member(1, 20)
    (alert,) = one.clock(2)
    assert alert.at == from_milliseconds(ms(1)) + (when(10 * MINUTE) - when(0))
