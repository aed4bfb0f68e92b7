"""The one machine of all alerts: hysteresis, dwell, cooldown, and what waits because it came late.

An episode begins when its alert goes out and ends when its condition is over for good (`CLEAR`). Until then the
condition may come and go: that is counted, not told.
"""

from collections.abc import Container

from models.health.alerts.rule import CLEAR, HOLDS, AlertRule, Circumstances
from models.health.state import AlertState

NOTHING, RAISED, ENDED = range(3)


def step(alert: AlertState, rule: AlertRule, stand: int, since: int, how: Circumstances) -> int:
    """Move an alert's state (in place) to how its condition stands now: what is to be told of it."""
    if alert.active:
        return _active(alert, stand, how)
    if stand != HOLDS:
        if alert.since is not None and not alert.late:
            alert.suppressed += 1
        alert.since, alert.late = None, False
        return NOTHING
    if alert.since is None:
        alert.since = since
        if how.quiet:
            _begin(alert, told=False)
            return NOTHING
        alert.late = how.late
    if alert.late and not how.daily:
        return NOTHING
    if how.now < ready_at(alert, rule):
        return NOTHING
    if how.quiet and how.remodelled:  # by the rule before it would wait still: what waited is told no sooner by a model
        _begin(alert, told=False)
        return NOTHING
    _begin(alert, told=True)
    alert.raised_at = how.now
    return RAISED


def due_at(alert: AlertState, rule: AlertRule) -> int | None:
    """When the alert goes out by time alone, if its condition goes on to hold."""
    return None if alert.active or alert.since is None or alert.late else ready_at(alert, rule)


def ready_at(alert: AlertState, rule: AlertRule) -> int:
    """When the dwell and the cooldown are over of an alert whose condition holds. What came late waits for the first
    daily recompute from then on.
    """
    assert alert.since is not None
    ready = alert.since + (rule.late_dwell if alert.late else rule.dwell)
    return ready if alert.raised_at is None else max(ready, alert.raised_at + rule.cooldown)


def unwatch(alerts: list[AlertState], watched: Container[int]) -> bool:
    """Forget (in place) how the conditions stand of kinds that are not `watched`, by their codes: whether any is
    another now. An episode ends untold; the cooldown and the number of episodes stay.
    """
    changed = False
    for alert in tuple(alerts):
        if alert.kind not in watched and (alert.active or alert.since is not None):
            alert.active, alert.since, alert.late = False, None, False
            if not (alert.episodes or alert.suppressed):
                alerts.remove(alert)
            changed = True
    return changed


def _active(alert: AlertState, stand: int, how: Circumstances) -> int:
    if stand == HOLDS:
        if alert.since is None:
            alert.since = how.now
            alert.suppressed += 1
        alert.late = False
        return NOTHING
    alert.since = None
    if stand != CLEAR:
        alert.late = False
        return NOTHING
    if how.late or (alert.late and not how.daily):
        alert.late = True
        return NOTHING
    alert.active = False
    return ENDED if alert.raised_at is not None and not alert.untold and not how.quiet else NOTHING


def _begin(alert: AlertState, *, told: bool) -> None:
    """An episode begins; one that nobody is told of is not told to end either."""
    alert.active, alert.untold = True, not told
    alert.episodes += 1
