"""What ends for a contact by time alone and does not wait for the daily recompute: an override, a dwell, a cooldown."""

from models.health.alerts.rule import SCORE, Circumstances
from models.health.alerts.watch import alerts_due_at
from models.health.assess import aged, count_facts, summarise
from models.health.causes import CLOCK_CAUSE, OVERRIDE_CAUSE
from models.health.facts.sections import NOTHING
from models.health.model import HealthModel
from models.health.publish import publish, score_moved, watch_alerts
from models.health.reaction import Reaction, Subject
from models.health.state import ContactState
from schemas.base import Mode


def due(state: ContactState, subject: Subject, model: HealthModel, mode: Mode) -> Reaction:
    """What falls due at `state.due_at`, before anything that the log has at that time or later: an override ends, a
    dwell or a cooldown is over.
    """
    now = state.due_at
    assert now is not None
    reaction = Reaction(changed=True)
    before, cause = state.published, CLOCK_CAUSE
    if state.override is not None and state.override.expires_at == now:
        cause = OVERRIDE_CAUSE
        old = aged(state, model, now)
        facts = count_facts(state) if before is None else before.facts
        publish(reaction, state, subject, model, summarise(state, model, now, old, facts), old, cause, mode, shown=True)
    touched = SCORE if score_moved(before, state.published) else NOTHING
    if touched or state.alerts:
        how = Circumstances(now, mode == "import")
        watch_alerts(reaction, state, subject, model, touched, how, cause, mode, before, everything=True)
    state.now = now
    state.due_at = next_due(state, model)
    return reaction


def next_due(state: ContactState, model: HealthModel) -> int | None:
    """When something ends by time alone that does not wait for the daily recompute: an override in force, the dwell or
    the cooldown of an alert.
    """
    override = state.override
    ends = override.expires_at if override is not None and override.in_force(state.now) else None
    due_at = alerts_due_at(state.alerts, model.rules) if state.alerts else None
    return ends if due_at is None or (ends is not None and ends < due_at) else due_at
