"""Which alerts an account must give (9.10 to 9.15), of accounts that are scored by their members alone, all of low
confidence: their mean is quickly thought out twice.
"""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

import msgspec

from schemas.control import ModelPublished
from schemas.event_ids import event_id
from schemas.profiles import AccountUpdated
from schemas.signals import AccountSignal, Contribution, MemberContribution, MemberLeft
from tests.oracle.alert_conditions import BETWEEN, HOLDS, OVER
from tests.oracle.alert_rules import OF_ALL, Rule, Rules, with_edges
from tests.oracle.alert_story import Look, Said, Story
from tests.oracle.facts import DAY, exact, when

DECLINED, RECOVERED, CHANGED = "account_health_declined", "account_health_recovered", "new_point_of_contact"
EDGE, HEALTHY = 31, 61
OF_KIND: Rules = {
    DECLINED: {"strict": False, "dwell_minutes": 10},
    RECOVERED: {},
    "expansion_opportunity": {"days": 90, "rearm_points": 5, "dwell_minutes": 10, "cooldown_hours": 2160},
    CHANGED: {"days": 30},
    "seats_decreased": {"share": 0.05, "days": 30},
}
RENEWS = {CHANGED, "seats_decreased"}

Told = tuple[str, int, str, str, bool, int, bool, int]
"""Kind, time, event id, episode id, first time, suppressed count, late, score."""


class OracleAccount:
    """Everything that an account's log ever said, and the alerts that had to go out."""

    def __init__(self, tenant: str, account: str) -> None:
        self.told: list[Told] = []
        self._tenant, self._account = tenant, account
        self._now = self._clock = 0
        self._rules, self.healthy = rules_of({}, EDGE), HEALTHY
        self._gives: dict[str, Contribution] = {}
        self._began: list[int] = []
        self._went: list[int] = []
        self._undated: dict[str, list[int]] = {}
        self._profiles: list[AccountUpdated] = []
        self._stories = {kind: Story(kind, kind in RENEWS) for kind in CONDITIONS}

    def hear(self, signal: AccountSignal) -> None:
        """Something about the account is written to its log."""
        self._pass_time(max(signal.at, self._clock))
        fact, occurred = signal.fact, signal.at
        if isinstance(fact, MemberContribution | MemberLeft):
            self._member(fact, signal.at)
        else:
            assert isinstance(fact, AccountUpdated)
            self._profiles.append(fact)
            occurred = when(fact)
        quiet = signal.mode == "import" and not signal.alerts
        self._look(quiet=quiet, late=signal.late or self._now - occurred > DAY, remodelled=signal.remodelled)

    def close(self, at: int) -> None:
        """A day is closed."""
        self._clock = max(self._clock, at)
        self._pass_time(at)
        self._look(daily=True)

    def remodel(self, event: ModelPublished) -> None:
        """Another model comes into force, at the time that the clock of the log has told last."""
        self._pass_time(self._clock)
        account = msgspec.json.decode(event.model).get("account", {})
        bands = account.get("bands", {})
        self._rules = rules_of(account.get("alerts", {}), bands.get("needs_attention", EDGE))
        self.healthy = bands.get("healthy", HEALTHY)
        self._look(remodelled=True)

    def pass_due(self, at: int) -> None:
        """It is `at` by the clock of the log: what falls due until then does so at its time."""
        self._clock = max(self._clock, at)
        self._fall_due(self._clock)

    def _pass_time(self, at: int) -> None:
        self._fall_due(at)
        self._now = max(self._now, at)

    def _fall_due(self, until: int) -> None:
        while (due := self._due_at()) is not None and due <= until:
            self._now = max(self._now, due)
            self._look()

    def _due_at(self) -> int | None:
        times = [one.ready_at(self._rules[kind]) for kind, one in self._stories.items() if self._rules[kind]["enabled"]]
        return min((time for time in times if time is not None), default=None)

    def _member(self, fact: MemberContribution | MemberLeft, at: int) -> None:
        gives = fact.gives if isinstance(fact, MemberContribution) else Contribution()
        gave = self._gives.get(fact.contact, Contribution())
        self._role(fact, gave, gives, at)
        self._gives[fact.contact] = gives

    def _role(self, fact: MemberContribution | MemberLeft, gave: Contribution, gives: Contribution, at: int) -> None:
        absorbed = fact.absorbed if isinstance(fact, MemberContribution) else None
        merged = isinstance(fact, MemberLeft) and fact.merged
        since, before = gives.in_role_since, gave.in_role_since
        undated = self._undated.setdefault(fact.contact, [])
        if gives.decision_maker:
            undated += self._undated.pop(absorbed, []) if absorbed is not None else []
            if since is not None and (absorbed is not None or not gave.decision_maker or since != before):
                for time in undated:
                    self._began.remove(time)
                undated.clear()
                if gave.decision_maker and before is not None and since < before and before in self._began:
                    self._began.remove(before)
                if since not in self._began or not (gave.decision_maker or absorbed is not None):
                    self._began.append(since)
            elif since is None and not gave.decision_maker and absorbed is None:
                self._began.append(at)
                undated.append(at)
        elif gave.decision_maker and not merged:
            self._went.append(at)
            undated.clear()

    def score(self) -> int | None:
        """The mean of its members' scores, half a point up."""
        scores = [one.score for one in self._gives.values() if one.score is not None]
        return floor(Fraction(sum(scores), len(scores)) + Fraction(1, 2)) if scores else None

    def profile(self) -> AccountUpdated | None:
        """The latest word on itself."""
        return max(self._profiles, key=_order, default=None)

    def renewal(self) -> int | None:
        """When it renews."""
        profile = self.profile()
        return None if profile is None or profile.renewal_at is None else round(profile.renewal_at.timestamp() * 1000)

    def sizes(self) -> list[tuple[int, int]]:
        """How many seats it had from when on: of each day the first, the lowest and the last number count."""
        told = [(when(one), one.seats) for one in sorted(self._profiles, key=_order) if one.seats is not None]
        days = [[one for one in told if one[0] // DAY == day] for day in sorted({at // DAY for at, _ in told})]
        return [
            one
            for of_day in days
            for place, one in enumerate(of_day)
            if place in (0, len(of_day) - 1, min(range(len(of_day)), key=lambda at: of_day[at][1]))
        ]

    def changed_at(self) -> int | None:
        """When a decision maker last began or went; the first one ever is no change."""
        times = [time for time in self._began + self._went if time <= self._now and time > min(self._began)]
        return max(times, default=None)

    @property
    def now(self) -> int:
        """The time of its row."""
        return self._now

    def _look(self, *, quiet: bool = False, late: bool = False, daily: bool = False, remodelled: bool = False) -> None:
        score = self.score()
        for kind, (condition, since) in CONDITIONS.items():
            rule = self._rules[kind]
            if rule["enabled"]:
                stand = OVER if score is None else condition(rule, self, score)
                untold = quiet or (remodelled and not rule["on_model_change"])
                gone = score is None
                look = Look(self._now, stand, since(self), rule, untold, late, daily, gone, remodelled=remodelled)
                self._hear(kind, look)
            else:
                self._hear(kind, Look(self._now, OVER, self._now, rule, unwatched=True))

    def _hear(self, kind: str, look: Look) -> None:
        said = self._stories[kind].hear(look)
        self.told += [self._alert(kind, one) for one in said if not one.over or self._tells_recovery(kind)]

    def _tells_recovery(self, kind: str) -> bool:
        return kind == DECLINED and bool(self._rules[RECOVERED]["enabled"])

    def _alert(self, kind: str, said: Said) -> Told:
        name, number, score = RECOVERED if said.over else kind, str(said.episode), self.score()
        assert score is not None
        alert = event_id(self._tenant, self._account, f"alert.{name}", number)
        episode = event_id(self._tenant, self._account, f"episode.{kind}", number)
        return name, self._now, alert, episode, said.episode == 1, said.suppressed, said.late, score


def rules_of(alerts: dict[str, Rule], edge: int) -> Rules:
    """The rules of a block `account.alerts`, where at risk is below `edge`."""
    rules = {kind: OF_ALL | own | alerts.get(kind, {}) for kind, own in OF_KIND.items()}
    return rules | {DECLINED: with_edges(rules[DECLINED], edge)}


def declined(rule: Rule, account: OracleAccount, score: int) -> str:
    """At risk is `at` or less, with `strict` below it; over from `rearm_at` on."""
    if score >= rule["rearm_at"]:
        return OVER
    return HOLDS if score < rule["at"] or (score == rule["at"] and not rule["strict"]) else BETWEEN


def expansion_opportunity(rule: Rule, account: OracleAccount, score: int) -> str:
    """Healthy or better, and renews within `days`; over when that has passed, or `rearm_points` below healthy."""
    renewal = account.renewal()
    if renewal is None or not account.now <= renewal <= account.now + rule["days"] * DAY:
        return OVER
    healthy = account.healthy
    return HOLDS if score >= healthy else OVER if score <= healthy - rule["rearm_points"] else BETWEEN


def new_point_of_contact(rule: Rule, account: OracleAccount, score: int) -> str:
    """A decision maker began or went no more than `days` ago."""
    changed_at = account.changed_at()
    return HOLDS if changed_at is not None and changed_at >= account.now - rule["days"] * DAY else OVER


def seats_decreased(rule: Rule, account: OracleAccount, score: int) -> str:
    """`share` fewer than the most of the last `days`, what it had at their beginning included; over when none miss, and
    as it was while the profile tells none.
    """
    sizes, profile = account.sizes(), account.profile()
    if profile is None or profile.seats is None:
        return BETWEEN
    began = account.now - rule["days"] * DAY
    window = [one for one in sizes if one[0] <= began][-1:] + [one for one in sizes if one[0] > began]
    most = max(seats for _, seats in window)
    missing = most - profile.seats
    return OVER if missing <= 0 else HOLDS if missing >= exact(rule["share"]) * most else BETWEEN


def _since_changed(account: OracleAccount) -> int:
    changed_at = account.changed_at()
    return account.now if changed_at is None else changed_at


def _since_decreased(account: OracleAccount) -> int:
    fell = [at for (_, before), (at, after) in pairwise(account.sizes()) if after < before]
    return fell[-1] if fell else account.now


def _order(profile: AccountUpdated) -> tuple[int, str]:
    return when(profile), profile.event_id


def _now(account: OracleAccount) -> int:
    return account.now


CONDITIONS: dict[str, tuple[Callable[[Rule, OracleAccount, int], str], Callable[[OracleAccount], Any]]] = {
    DECLINED: (declined, _now),
    "expansion_opportunity": (expansion_opportunity, _now),
    CHANGED: (new_point_of_contact, _since_changed),
    "seats_decreased": (seats_decreased, _since_decreased),
}
