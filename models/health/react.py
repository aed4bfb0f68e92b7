"""What a row does when a signal comes, a day ends or a model changes: the state moves on, and records go out.

A score record goes out when anything in it other than its clock has changed. What has changed is split: `by_decay` is
what the passing time alone did to the old facts, `by_signal` is what the signal did at the new time.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from models.health import records
from models.health.alerts.rule import SCORE, Circumstances
from models.health.alerts.watch import alerts_due_at, watch
from models.health.apply import apply, is_forgotten
from models.health.assess import (
    Assessment,
    aged,
    assess,
    count_facts,
    look_ahead,
    measure,
    points_by_code,
    remeasure,
    summarise,
    trend,
    weigh,
)
from models.health.bands import AT_RISK, BANDS
from models.health.closes import add_close, closed_since, pack_close, same_close
from models.health.facts.messages import DAY_MS
from models.health.facts.sections import (
    ACTIVITY,
    ANSWERS,
    CLOCK,
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
from models.health.merge import MAX_HOPS, Forward, hand_over, pass_on
from models.health.model import HealthModel
from models.health.state import Components, ContactState, Published
from schemas.base import Band, Mode, to_milliseconds
from schemas.control import ContactErased, ContactMerged, ContactRestored
from schemas.messages import MessageClassified
from schemas.scores import AlertRaised, BandChanged, Cause, ContactForgotten, ScoreClosed, ScoreUpdated
from schemas.signals import AccountSignal, ContactFact, Signal
from schemas.tickets import TicketReplied

RECOMPUTE = Cause(type="recompute")
MODEL_CHANGE = Cause(type="model_change")
CLOCK_CAUSE = Cause(type="clock")

_REPLY = (MessageClassified, TicketReplied)
_OF_LIFE = (ContactErased, ContactRestored)
_COUNTED = MESSAGES | ANSWERS | TICKET_COUNT | REVIEWS
_SHOWN = ACTIVITY | MEMBERSHIP
_DRIFT = 1e-9


class Subject(Protocol):
    """Whose row it is."""

    @property
    def tenant(self) -> str:
        """The tenant."""

    @property
    def contact(self) -> str:
        """The contact's id."""


class Gone(msgspec.Struct, gc=False):
    """What comes of a contact that is no more. `forward`: an entry for the contact that it was merged into; `receipt`:
    it was erased just now; `forgotten`: it was erased, and the fact was dropped.
    """

    forward: Forward | None = None
    receipt: ContactForgotten | None = None
    forgotten: bool = False


class Reaction(msgspec.Struct, gc=False):
    """What comes of a signal. `changed`: the row must be written. `tombstone`: the contact has no score any more, and
    its compacted outputs are to be deleted; `tombstone_of` is the band it was published in. `gone`: of an
    alias or an erased contact. `sections`
    of the row have changed; `members` is what accounts are told (`models.health.accounts.contribution`).
    """

    score: ScoreUpdated | None = None
    band: BandChanged | None = None
    close: ScoreClosed | None = None
    tombstone: bool = False
    tombstone_of: Band | None = None
    changed: bool = False
    gone: Gone | None = None
    sections: int = NOTHING
    members: Sequence[AccountSignal] = ()
    alerts: Sequence[AlertRaised] = ()


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
        reaction = _of_the_gone(state, subject, signal, now)
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
        _go(reaction, state, subject, signal, before, aliases)
        return state, reaction
    if base.segments and changed & PROFILE and (other := base.of(state.profile)) is not model:
        model, new = other, measure(state, other, now)
    else:
        new = remeasure(state, model, now, old, changed) if changed else old
    facts = count_facts(state) if before is None or changed & _COUNTED else before.facts
    shown = changed & _SHOWN != NOTHING
    if changed & OVERRIDE:
        shown |= records.override_in_force(override, now) != records.override_in_force(state.override, now)
    watched = changed & model.watched != NOTHING
    if shown or watched or before is None or facts != before.facts or not _stands(state, before, new, model, now):
        current = summarise(state, model, now, new, facts)
        _publish(reaction, state, subject, model, current, old, records.cause_of(fact), signal.mode, shown)
        if (watched or new is not old) and reaction.score is None and before is not None and state.published is before:
            state.published = _reaffirmed(state, before, model, now)
    touched = changed & model.rules.reads
    if touched & TICKETS and isinstance(fact, _REPLY):
        touched &= ~TICKETS  # a reply makes no ticket severe, and solves none
    if touched & MESSAGES and not state.alerts and not (isinstance(fact, MessageClassified) and fact.tones):
        touched &= ~MESSAGES  # without a tone none begins
    if state.published is not before and _moved(before, state.published):
        touched |= SCORE
    if touched and (state.alerts or model.rules.any_holds(state, touched, now)):
        late = signal.at - to_milliseconds(fact.occurred_at) > DAY_MS
        how = Circumstances(now, signal.mode == "import" and not signal.alerts, late)
        _watch(reaction, state, subject, model, touched, how, records.cause_of(fact), signal.mode, before)
    if changed & OVERRIDE or (touched and state.alerts):
        state.due_at = next_due(state, model)
    return state, reaction


def _watch(
    reaction: Reaction,
    state: ContactState,
    subject: Subject,
    model: HealthModel,
    touched: int,
    how: Circumstances,
    cause: Cause,
    mode: Mode,
    before: Published | None,
    *,
    everything: bool = False,
    remodelled: bool = False,
) -> None:
    previous = None if before is None or before is state.published else before.score
    told, moved = watch(
        state, subject, model.rules, touched, how, cause, mode, previous, everything=everything, remodelled=remodelled
    )
    reaction.alerts = told
    reaction.changed |= moved


def _moved(before: Published | None, after: Published | None) -> bool:
    """Whether alerts on the score have something to look at."""
    if before is None or after is None:
        return before is not after
    return before.score != after.score or (before.facts != after.facts and after.computed_band == AT_RISK)


def _of_the_gone(state: ContactState, subject: Subject, signal: Signal, now: int) -> Reaction | None:
    """What comes of a fact about an alias, or of one that an erased contact must not be known by; None for others."""
    fact: ContactFact = signal.fact  # type: ignore[assignment]
    if state.merged_into is not None and signal.hops >= MAX_HOPS:
        state.merged_into = None  # a circle of aliases: this one stands for itself again, so that nothing is lost
    if state.merged_into is not None and not isinstance(fact, ContactMerged):
        gone = Gone(pass_on(state.merged_into.contact, subject.contact, signal))
        reaction = Reaction(changed=True, gone=gone)
        state.now = now
        if isinstance(fact, ContactErased) and apply(state, fact, subject.contact, now):
            _tombstone(reaction, state, None)
            gone.receipt = records.contact_forgotten(subject.tenant, subject.contact, (), state, signal)
        return reaction
    if not isinstance(fact, _OF_LIFE) and is_forgotten(state, to_milliseconds(fact.occurred_at)):
        state.now = now
        return Reaction(changed=True, gone=Gone(forgotten=True))
    return None


def _go(
    reaction: Reaction,
    state: ContactState,
    subject: Subject,
    signal: Signal,
    before: Published | None,
    aliases: tuple[str, ...],
) -> None:
    """The contact was erased or merged."""
    if isinstance(signal.fact, ContactMerged):
        reaction.gone = Gone(hand_over(state, subject.tenant, subject.contact, signal))
    else:
        receipt = records.contact_forgotten(subject.tenant, subject.contact, aliases, state, signal)
        reaction.gone = Gone(receipt=receipt)
    _tombstone(reaction, state, before)


def due(state: ContactState, subject: Subject, model: HealthModel, mode: Mode) -> Reaction:
    """What falls due at `state.due_at`, before anything that the log has at that time or later: an override ends, a
    dwell or a cooldown is over.
    """
    now = state.due_at
    assert now is not None
    reaction = Reaction(changed=True)
    before, cause = state.published, CLOCK_CAUSE
    if state.override is not None and state.override.expires_at == now:
        cause = records.OVERRIDE_CAUSE
        old = aged(state, model, now)
        facts = count_facts(state) if before is None else before.facts
        _publish(
            reaction, state, subject, model, summarise(state, model, now, old, facts), old, cause, mode, shown=True
        )
    touched = SCORE if _moved(before, state.published) else NOTHING
    if touched or state.alerts:
        how = Circumstances(now, mode == "import")
        _watch(reaction, state, subject, model, touched, how, cause, mode, before, everything=True)
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


def tick(
    state: ContactState, subject: Subject, day: int, now: int, model: HealthModel, mode: Mode, quiet: bool = False
) -> Reaction:
    """The daily recompute of a row: decay, the close of `day` (a proleptic ordinal), the score if it changed.

    A row that nothing changes is left as it is, so that it need not be written. `quiet`: no alert begins.
    """
    reaction = Reaction()
    before = state.published
    old = aged(state, model, now)
    stands = before is not None and not state.alerts and _stands(state, before, old, model, now)
    if stands and before is not None and _closed_as(state.closes, before):
        return reaction
    facts = count_facts(state) if before is None else before.facts
    current = summarise(state, model, now, old, facts)
    _publish(reaction, state, subject, model, current, old, RECOMPUTE, mode)
    if current is not None:
        _close(reaction, state, subject, day, current, mode)
    touched = SCORE if _moved(before, state.published) else NOTHING
    if touched or state.alerts:
        how = Circumstances(now, quiet, daily=True)
        _watch(reaction, state, subject, model, touched, how, RECOMPUTE, mode, before, everything=True)
    if reaction.changed:
        state.now = now
        state.due_at = next_due(state, model)
    return reaction


def remodel(state: ContactState, subject: Subject, model: HealthModel, now: int, mode: Mode) -> Reaction:
    """A model came into force: the row is scored by it. The whole change counts as the model's (`by_signal`)."""
    reaction = Reaction()
    before = state.published
    old = [] if before is None else before.components
    _publish(reaction, state, subject, model, assess(state, model, now), old, MODEL_CHANGE, mode)
    how, touched = Circumstances(now, mode == "import"), model.rules.reads  # the rules may be others
    if touched:
        _watch(
            reaction, state, subject, model, touched, how, MODEL_CHANGE, mode, before, everything=True, remodelled=True
        )
    due_at = state.due_at
    if reaction.changed:
        state.now = now
    if reaction.changed or due_at is not None:
        state.due_at = next_due(state, model)
        reaction.changed |= state.due_at != due_at
    return reaction


def audit(state: ContactState, model: HealthModel) -> bool:
    """Whether the last published points are what the facts give at the time of that publication. False is drift.

    What was published by another model than this one cannot be told, and is taken for right.
    """
    published = state.published
    if published is None or published.model != model.key:
        return True
    # This is done for each row of each sweep, and almost always the first comparison is all.
    components = measure(state, model, published.now)
    if components == published.components and not model.exceptions:
        return True
    current = summarise(state, model, published.now, components, published.facts)
    if current is None or current.capped_by != published.capped_by:
        return False
    then = points_by_code(published.components, weigh(published.components)[0])
    now = current.points
    return then.keys() == now.keys() and all(abs(then[code] - now[code]) <= _DRIFT for code in then)


def _publish(
    reaction: Reaction,
    state: ContactState,
    subject: Subject,
    model: HealthModel,
    current: Assessment | None,
    old: Components,
    cause: Cause,
    mode: Mode,
    shown: bool = False,
) -> None:
    """Let a score record go out if it differs from the last one; `shown`: something in it beside the score has
    changed.
    """
    before = state.published
    if current is None:
        if before is not None:
            _tombstone(reaction, state, before)
        return
    if before is not None and not shown and _says_the_same(before, current):
        return
    state.seq += 1
    change = records.score_change(before, old, current)
    ahead = look_ahead(state, model, current.now)
    reaction.score = records.score_updated(
        subject.tenant, subject.contact, state, model, current, change, cause, mode, ahead
    )
    if before is None or before.band != current.band_number:
        reaction.band = records.band_changed(reaction.score, current, before)
    if before is None or before.computed_band != current.computed_band_number:
        state.at_risk_since = current.now if current.computed_band_number == AT_RISK else None
    state.published = Published(
        current.now,
        current.model,
        current.components,
        current.weight,
        current.score_raw,
        current.score,
        current.band_number,
        current.computed_band_number,
        current.trend_number,
        current.facts,
        None if ahead.change is None else ahead.change - 1 - current.now,
        current.capped_by,
    )
    reaction.changed = True


def _stands(state: ContactState, before: Published, components: Components, model: HealthModel, now: int) -> bool:
    """Whether the published score surely stands, without working it out again: its components are untouched."""
    return (
        components is before.components
        and before.model == model.key
        and not model.watched & CLOCK
        and before.trend == trend(state.closes, before.score, now)
    )


def _says_the_same(before: Published, current: Assessment) -> bool:
    return (
        before.score == current.score
        and before.facts == current.facts
        and before.trend == current.trend_number
        and before.band == current.band_number
        and before.computed_band == current.computed_band_number
        and before.capped_by == current.capped_by
        and before.components == current.components
        and before.model == current.model
    )


def _reaffirmed(state: ContactState, before: Published, model: HealthModel, now: int) -> Published:
    """What was published, where other facts give the same components at `now`: they may hold for less long, and need
    not give them at the time of the publication.
    """
    change = look_ahead(state, model, now).change
    return msgspec.structs.replace(before, now=now, holds_for=None if change is None else change - 1 - now)


def _close(
    reaction: Reaction, state: ContactState, subject: Subject, day: int, current: Assessment, mode: Mode
) -> None:
    close = pack_close(current.now, current.score, current.band_number, current.components, current.weight)
    if add_close(state.closes, close, current.now):
        reaction.close = records.score_closed(subject.tenant, subject.contact, state.seq, day, current, mode)
        reaction.changed = True


def _closed_as(closes: list[bytes], before: Published) -> bool:
    """Whether a close of what was published would say nothing new."""
    if closed_since(closes, before.now):
        return True
    close = pack_close(before.now, before.score, before.band, before.components, before.weight)
    return bool(closes) and same_close(closes[-1], close)


def _tombstone(reaction: Reaction, state: ContactState, before: Published | None) -> None:
    state.published = None
    state.at_risk_since = None
    reaction.tombstone = reaction.changed = True
    reaction.tombstone_of = None if before is None else BANDS[before.band]
