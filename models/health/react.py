"""What a row does when a signal comes or a model changes: the state moves on, and records go out
(`models.health.publish`).
"""

from models.health import records
from models.health.alerts.rule import SCORE, Circumstances
from models.health.apply import apply
from models.health.assess import aged, assess, count_facts, measure, remeasure, summarise
from models.health.causes import MODEL_CHANGE, cause_of
from models.health.due import next_due
from models.health.facts.messages import DAY_MS
from models.health.facts.override import Override
from models.health.facts.sections import (
    ACTIVITY,
    ANSWERS,
    LIFE,
    MEMBERSHIP,
    MESSAGES,
    NOTHING,
    OVERRIDE,
    PROFILE,
    REVIEWS,
    TICKET_COUNT,
    TICKETS,
)
from models.health.going import go, of_the_gone
from models.health.model import HealthModel
from models.health.publish import publish, reaffirm, score_moved, score_stands, watch_alerts
from models.health.reaction import Reaction, Subject
from models.health.state import ContactState
from schemas.base import Band, Mode, to_milliseconds
from schemas.messages import MessageClassified
from schemas.scores import OverrideInForce
from schemas.signals import ContactFact, Signal
from schemas.tickets import TicketReplied

_REPLY = (MessageClassified, TicketReplied)
_COUNTED = MESSAGES | ANSWERS | TICKET_COUNT | REVIEWS
_SHOWN = ACTIVITY | MEMBERSHIP


def react(
    state: ContactState | None, subject: Subject, signal: Signal, now: int, model: HealthModel
) -> tuple[ContactState, Reaction]:
    """Fold a signal about one contact into its row (changed in place; a new one for None) and tell what goes out.

    `now` is the row's time after the signal; it may not lie before `state.now`. `model` is the tenant's: the contact's
    segment is found here, for the signal may change it. The caller sets `state.offset`.
    """
    if state is None:
        state = ContactState()
    override = state.override
    fact: ContactFact = signal.fact  # type: ignore[assignment]  # partition-wide facts are the partition's business
    if state.merged_into is not None or state.erased_at is not None:
        reaction = of_the_gone(state, subject, signal, now)
        if reaction is not None:
            return state, reaction
    before = state.published
    base = model
    if base.segments:
        model = base.of(state.profile)
    aliases = tuple(sorted(state.absorbed)) if state.absorbed else ()
    old = aged(state, model, now)
    changed = apply(state, fact, subject.contact, now)
    reaction = Reaction(changed=changed != NOTHING or now > state.now, sections=changed)
    state.now = now
    if changed & LIFE:
        go(reaction, state, subject, signal, before, aliases)
        return state, reaction
    moved = False
    if base.segments and changed & PROFILE and (other := base.of(state.profile)) is not model:
        model, new, moved = other, measure(state, other, now), True
    else:
        new = remeasure(state, model, now, old, changed) if changed else old
    facts = count_facts(state) if before is None or changed & _COUNTED else before.facts
    shown = changed & _SHOWN != NOTHING
    if changed & OVERRIDE:
        shown |= _set_by_hand(override, now) != _set_by_hand(state.override, now)
    watched = changed & model.watched != NOTHING
    if shown or watched or before is None or facts != before.facts or not score_stands(state, before, new, model, now):
        current = summarise(state, model, now, new, facts)
        publish(reaction, state, subject, model, current, old, cause_of(fact), signal.mode, shown)
        if (watched or new is not old) and current is not None and before is not None and state.published is before:
            reaffirm(reaction, state, subject, model, current, before, old, cause_of(fact), signal.mode)
    touched = changed & model.rules.reads
    if touched & TICKETS and isinstance(fact, _REPLY):
        touched &= ~TICKETS  # a reply makes no ticket severe, and solves none
    if isinstance(fact, MessageClassified):
        touched &= ~TICKET_COUNT  # it may name a ticket first, but that comes by its own facts
        if not fact.tones and not state.alerts:
            touched &= ~MESSAGES  # without a tone none begins
    if state.published is not before and score_moved(before, state.published):
        touched |= SCORE
    if moved:
        touched = model.rules.reads  # the rules may be others, or none: then what was watched is forgotten
    if (touched or moved) and (state.alerts or model.rules.any_holds(state, touched, now)):
        late = signal.at - to_milliseconds(fact.occurred_at) > DAY_MS
        how = Circumstances(now, signal.mode == "import" and not signal.alerts, late)
        watch_alerts(
            reaction, state, subject, model, touched, how, cause_of(fact), signal.mode, before, everything=moved
        )
    if moved or changed & OVERRIDE or (touched and state.alerts):
        state.due_at = next_due(state, model)
    return state, reaction


def _set_by_hand(override: Override | None, now: int) -> tuple[OverrideInForce | None, Band | None]:
    """What records say of an override, and the band that it sets."""
    return records.override_in_force(override, now), None if override is None else override.band_at(now)


def remodel(state: ContactState, subject: Subject, model: HealthModel, now: int, mode: Mode) -> Reaction:
    """A model came into force: the row is scored by it. The whole change counts as the model's (`by_signal`)."""
    reaction = Reaction()
    before = state.published
    old = [] if before is None else before.components
    publish(reaction, state, subject, model, assess(state, model, now), old, MODEL_CHANGE, mode)
    how, touched = Circumstances(now, mode == "import"), model.rules.reads  # the rules may be others
    if touched or state.alerts:
        watch_alerts(
            reaction, state, subject, model, touched, how, MODEL_CHANGE, mode, before, everything=True, remodelled=True
        )
    due_at = state.due_at
    if reaction.changed:
        state.now = now
    if reaction.changed or due_at is not None:
        state.due_at = next_due(state, model)
        reaction.changed |= state.due_at != due_at
    return reaction
