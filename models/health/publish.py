"""Which records go out: a score record when anything in it other than its clock has changed, and the alerts.

What has changed is split: `by_decay` is what the passing time alone did to the old facts, `by_signal` is what the
signal did at the new time.
"""

import msgspec

from models.health import records
from models.health.alerts.rule import Circumstances
from models.health.alerts.watch import watch
from models.health.assess import Ahead, Assessment, confidence, look_ahead, trend
from models.health.bands import AT_RISK, BANDS
from models.health.facts.sections import CLOCK
from models.health.model import HealthModel
from models.health.reaction import Reaction, Subject
from models.health.state import Components, ContactState, Published
from schemas.base import Mode
from schemas.scores import Cause


def publish(
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
    changed. `reaction.sections` are those that have changed since the last one.
    """
    before = state.published
    if current is None:
        if before is not None:
            remove_score(reaction, state, before)
        return
    if before is not None and not shown and _says_the_same(before, current):
        return
    state.seq += 1
    change = records.score_change(before, old, current)
    ahead = look_ahead(state, model, current.now, before, reaction.sections)
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
        _from(current.now, ahead),
        current.capped_by,
    )
    reaction.changed = True


def score_stands(state: ContactState, before: Published, components: Components, model: HealthModel, now: int) -> bool:
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


def reaffirm(
    reaction: Reaction,
    state: ContactState,
    subject: Subject,
    model: HealthModel,
    current: Assessment,
    before: Published,
    old: Components,
    cause: Cause,
    mode: Mode,
) -> None:
    """Other facts give the same components as `before`: they may hold for less long, and need not give them at the time
    of that publication. A record goes out if silence now makes one worse at another time than the last one said.
    """
    ahead = look_ahead(state, model, current.now, before, reaction.sections)
    if ahead.decay == _next_decay(before, model):
        state.published = msgspec.structs.replace(before, now=current.now, changes=_from(current.now, ahead))
    else:
        publish(reaction, state, subject, model, current, old, cause, mode, shown=True)


def _next_decay(published: Published, model: HealthModel) -> int | None:
    """`next_decay_at` of the record."""
    decays = [
        published.now + after
        for after, (_, component) in zip(published.changes, model.readers(CLOCK), strict=True)
        if after is not None and component.decays
    ]
    return min(decays, default=None)


def _from(now: int, ahead: Ahead) -> list[int | None]:
    """How long after `now` each component changes by time alone."""
    return [None if at is None else at - now for at in ahead.changes]


def score_moved(before: Published | None, after: Published | None) -> bool:
    """Whether alerts on the score have something to look at."""
    if before is None or after is None:
        return before is not after
    if before.score != after.score:
        return True
    return before.facts != after.facts and (
        after.computed_band == AT_RISK or confidence(before.facts) != confidence(after.facts)
    )


def remove_score(reaction: Reaction, state: ContactState, before: Published | None) -> None:
    """The contact has no score any more; `before` is the one that was published last."""
    state.published = None
    state.at_risk_since = None
    reaction.tombstone = reaction.changed = True
    reaction.tombstone_of = None if before is None else BANDS[before.band]


def watch_alerts(
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
    """Look at a row's alerts after `touched` of it has changed (`models.health.alerts.watch`), and let go out what
    there is to tell. `before` is what was published until then.
    """
    previous = None if before is None or before is state.published else before.score
    told, moved = watch(
        state, subject, model.rules, touched, how, cause, mode, previous, everything=everything, remodelled=remodelled
    )
    reaction.alerts = told
    reaction.changed |= moved
