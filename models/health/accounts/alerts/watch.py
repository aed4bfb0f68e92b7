"""Looks at an account's row by the rules of its model, and writes the alerts that go out."""

from collections.abc import Sequence
from typing import Any

from models.health.accounts.alerts.reasons import lost_most, low
from models.health.accounts.alerts.rule import AccountRule
from models.health.accounts.alerts.standing import Standing
from models.health.accounts.state import AccountState
from models.health.alerts.machine import ENDED, NOTHING, RAISED, due_at, step, unwatch
from models.health.alerts.rule import CLEAR, HOLDS, Circumstances
from models.health.bands import BANDS
from models.health.closes import score_at
from models.health.state import AlertState
from schemas.base import Mode, from_milliseconds
from schemas.event_ids import event_id
from schemas.scores import AlertRaised, Cause


def watch_account(
    state: AccountState,
    tenant: str,
    account: str,
    standing: Standing | None,
    rules: Sequence[AccountRule],
    how: Circumstances,
    cause: Cause,
    mode: Mode,
    previous: int | None,
    *,
    remodelled: bool = False,
) -> tuple[list[AlertRaised], bool]:
    """Look at a row as it stands now (None: it has no score): the alerts that go out, and whether the row changed.

    `previous` is the score before. `remodelled`: another model alone is what moved the row.
    """
    told: list[AlertRaised] = []
    changed = unwatch(state.alerts, {rule.code for rule in rules}) if state.alerts else False
    for rule in rules:
        alert = next((one for one in state.alerts if one.kind == rule.code), None)
        stand = CLEAR if standing is None else rule.stand(standing, how.now)
        if alert is None:
            if stand != HOLDS:
                continue
            alert = AlertState(rule.code)
            state.alerts.append(alert)
        before = _values(alert)
        since = how.now if standing is None else rule.since(standing, how.now)
        if rule.renews and stand == HOLDS and alert.active and alert.since is not None and since > alert.since:
            alert.active, alert.since = False, None
        under = how._replace(quiet=how.quiet or not rule.on_model_change, remodelled=True) if remodelled else how
        if standing is None:
            under = under._replace(quiet=True, late=False, daily=True)  # a score that is taken back waits for nothing
        waited, happened = alert.late, alert.since
        outcome = step(alert, rule, stand, since, under)
        if rule.renews and alert.active and alert.since is None:
            alert.since = happened  # it has ceased to hold, and is not over: what happens later is told apart by it
        kind = _kind(rule, rules, outcome)
        if kind is not None and standing is not None:
            record = AlertRaised(
                **_identity(state, tenant, account, rule, kind, alert),
                **_standing(standing),
                at=from_milliseconds(how.now),
                mode=mode,
                cause=cause,
                previous_score=score_at(state.closes, how.now) if previous is None else previous,
                since=None if alert.since is None else from_milliseconds(alert.since),
                reasons=tuple(_reasons(state, standing, rule, outcome, how.now)),
                suppressed_count=alert.suppressed if outcome == RAISED else 0,
                late=waited and how.daily,
            )
            told.append(record)
        if outcome != NOTHING:
            alert.late = False
        if outcome == RAISED:
            alert.suppressed = 0
        if not (alert.active or alert.episodes or alert.suppressed or alert.since is not None):
            state.alerts.remove(alert)
        changed |= _values(alert) != before
    return told, changed


def account_alerts_due_at(alerts: Sequence[AlertState], rules: Sequence[AccountRule]) -> int | None:
    """When the first of them goes out by time alone."""
    by_code = {rule.code: rule for rule in rules}
    times = [due_at(alert, by_code[alert.kind]) for alert in alerts if alert.kind in by_code]
    return min((time for time in times if time is not None), default=None)


def _kind(rule: AccountRule, rules: Sequence[AccountRule], outcome: int) -> str | None:
    """The kind of what is to be told, if it is on."""
    if outcome == RAISED:
        return rule.name
    recovery = rule.recovery if outcome == ENDED else None
    return recovery if any(one.name == recovery for one in rules) else None


def _identity(
    state: AccountState, tenant: str, account: str, rule: AccountRule, kind: str, alert: AlertState
) -> dict[str, Any]:
    number = f"{alert.episodes}"
    return {
        "event_id": event_id(tenant, account, f"alert.{kind}", number),
        "episode_id": event_id(tenant, account, f"episode.{rule.name}", number),
        "seq": state.seq,
        "tenant": tenant,
        "account": account,
        "kind": kind,
        "first_time": alert.episodes == 1,
    }


def _standing(standing: Standing) -> dict[str, Any]:
    current, profile = standing.current, standing.own.profile
    renewal_at = None if profile is None else profile.renewal_at
    return {
        "score": current.score,
        "band": BANDS[current.band],
        "computed_band": BANDS[current.computed_band],
        "seats": None if profile is None else profile.seats,
        "renewal_at": None if renewal_at is None else from_milliseconds(renewal_at),
    }


def _reasons(state: AccountState, standing: Standing, rule: AccountRule, outcome: int, now: int) -> list[str]:
    if outcome == ENDED:
        return [f"The score is {standing.current.score} again"]
    reasons = rule.reasons(standing, now)
    if rule.recovery is not None:
        reasons = [*reasons, *lost_most(state.closes, standing.current, now)]
    return reasons or low(standing.current)


def _values(alert: AlertState) -> tuple[Any, ...]:
    return tuple(getattr(alert, name) for name in alert.__struct_fields__)
