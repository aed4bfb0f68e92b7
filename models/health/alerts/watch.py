"""Looks at a contact's row by the rules of its model, and writes the alerts that go out."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from models.health.alerts.confidence import LEVELS
from models.health.alerts.machine import ENDED, NOTHING, RAISED, due_at, step, unwatch
from models.health.alerts.reasons import low, score_reasons
from models.health.alerts.rule import BETWEEN, CLEAR, HOLDS, SCORE, AlertRule, Circumstances
from models.health.bands import BANDS
from models.health.closes import score_at
from models.health.reaction import Subject
from models.health.state import AlertState, ContactState
from schemas.base import Mode
from schemas.event_ids import event_id
from schemas.scores import AlertRaised, Cause

_OF_SCORE = frozenset(("contact_health_declined", "steep_drop", "no_recovery"))


class Rules:
    """The rules of a model that are on."""

    def __init__(self, rules: Iterable[AlertRule]) -> None:
        self.by_name = {rule.name: rule for rule in rules}
        self.by_code = {rule.code: rule for rule in self.by_name.values()}
        self.reads = 0
        for rule in self.by_name.values():
            self.reads |= rule.reads
        self._readers: dict[int, tuple[AlertRule, ...]] = {}

    def any_holds(self, state: ContactState, touched: int, now: int) -> bool:
        """Whether any rule has to do with a row that has no alerts: asked at each signal, and almost always not."""
        if state.published is not None:
            for rule in self.readers(touched):
                if rule.stand(state, now) == HOLDS:
                    return True
        return False

    def readers(self, touched: int) -> tuple[AlertRule, ...]:
        """The rules that look at any of this."""
        found = self._readers.get(touched)
        if found is None:
            found = self._readers[touched] = tuple(rule for rule in self.by_name.values() if rule.reads & touched)
        return found


def watch(
    state: ContactState,
    subject: Subject,
    rules: Rules,
    touched: int,
    how: Circumstances,
    cause: Cause,
    mode: Mode,
    previous: int | None = None,
    *,
    everything: bool = False,
    remodelled: bool = False,
) -> tuple[list[AlertRaised], bool]:
    """Look at a row after `touched` of it has changed: the alerts that go out, and whether the row did.

    With `everything` all alerts that the row has a state of are looked at: at the daily recompute, when something is
    due and under another model (`remodelled`) or in another segment, which may not watch all of them any more.
    `previous` is the score before.
    """
    told: list[AlertRaised] = []
    changed = everything and unwatch(state.alerts, rules.by_code)
    for rule in rules.by_name.values() if everything and state.alerts else rules.readers(touched):
        alert = _find(state.alerts, rule.code)
        if alert is None and not rule.reads & touched:
            continue
        stand = CLEAR if state.published is None else rule.stand(state, how.now)
        if alert is None:
            if stand != HOLDS:
                continue
            alert = AlertState(rule.code)
            state.alerts.append(alert)
            changed = True
        if stand == HOLDS and alert.since is None and not rule.reads & touched:
            stand = BETWEEN  # time alone begins nothing
        before = _values(alert)
        under = how._replace(quiet=how.quiet or not rule.on_model_change, remodelled=True) if remodelled else how
        if state.published is None:
            under = under._replace(quiet=True, late=False, daily=True)  # a score that is taken back waits for nothing
        waited = alert.late
        outcome = step(alert, rule, stand, rule.since(state, how.now), under)
        record = _told(state, subject, rules, rule, alert, outcome, waited and how.daily, how, cause, mode, previous)
        if record is not None:
            told.append(record)
        if not (alert.active or alert.episodes or alert.suppressed or alert.since is not None):
            state.alerts.remove(alert)
        changed |= _values(alert) != before
    return told, changed


def alerts_due_at(alerts: Sequence[AlertState], rules: Rules) -> int | None:
    """When the first of them goes out by time alone."""
    times = [due_at(alert, rules.by_code[alert.kind]) for alert in alerts if alert.kind in rules.by_code]
    return min((time for time in times if time is not None), default=None)


def _find(alerts: Sequence[AlertState], code: int) -> AlertState | None:
    for alert in alerts:
        if alert.kind == code:
            return alert
    return None


def _values(alert: AlertState) -> tuple[Any, ...]:
    return tuple(getattr(alert, name) for name in alert.__struct_fields__)


def _told(
    state: ContactState,
    subject: Subject,
    rules: Rules,
    rule: AlertRule,
    alert: AlertState,
    outcome: int,
    late: bool,
    how: Circumstances,
    cause: Cause,
    mode: Mode,
    previous: int | None,
) -> AlertRaised | None:
    """The record of what the machine says is to be told, if its kind is on."""
    if outcome == NOTHING:
        return None
    kind: str | None = rule.name
    if outcome == ENDED:
        alert.late = False
        kind = rule.recovery
    if kind is None or kind not in rules.by_name or state.published is None:
        return None
    published = state.published
    # What was said before an erasure must not have the id of what is said after it.
    number = f"{alert.episodes}" if state.erased_at is None else f"{state.erased_at}.{alert.episodes}"
    raised = outcome == RAISED
    if previous is None:
        previous = score_at(state.closes, how.now)
    record = AlertRaised(
        event_id=event_id(subject.tenant, subject.contact, f"alert.{kind}", number),
        seq=state.seq,
        tenant=subject.tenant,
        at=_time(how.now),
        mode=mode,
        contact=subject.contact,
        account=None if state.profile is None else state.profile.account,
        kind=kind,
        episode_id=event_id(subject.tenant, subject.contact, f"episode.{rule.name}", number),
        first_time=alert.episodes == 1,
        score=published.score,
        previous_score=previous,
        band=BANDS[published.band],
        computed_band=BANDS[published.computed_band],
        confidence="high" if published.facts >= LEVELS["high"] else "medium" if published.facts >= 5 else "low",
        since=None if alert.since is None else _time(alert.since),
        cause=cause,
        reasons=tuple(_reasons(state, rule, how.now)) if raised else (f"The score is {published.score} again",),
        suppressed_count=alert.suppressed if raised else 0,
        late=late,
    )
    if raised:
        alert.suppressed, alert.late = 0, False
    return record


def _reasons(state: ContactState, rule: AlertRule, now: int) -> list[str]:
    reasons = rule.reasons(state, now)
    if rule.name in _OF_SCORE:
        reasons = [*reasons, *score_reasons(state, now)]
    return reasons or low(state)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


__all__ = ["SCORE", "Circumstances", "Rules", "alerts_due_at", "watch"]
