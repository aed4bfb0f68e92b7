"""The records that go out of a row: scores, band changes, daily closes."""

from datetime import UTC, date, datetime
from functools import lru_cache

from models.health.assess import Ahead, Assessment, confidence, points, remeasure, weigh
from models.health.bands import BANDS, direction, rounded
from models.health.components.factor import grade
from models.health.components.registry import GRADED, NAMES
from models.health.facts.override import Override
from models.health.facts.profile import Profile
from models.health.facts.sections import CLOCK
from models.health.hard_exceptions import capped
from models.health.model import HealthModel
from models.health.state import Components, ContactState, Published
from schemas.base import Mode
from schemas.catalogue import cleaned
from schemas.control import ContactErased
from schemas.event_ids import event_id
from schemas.scores import (
    BandChanged,
    Cause,
    ComponentScore,
    ContactForgotten,
    OverrideInForce,
    ScoreChange,
    ScoreClosed,
    ScoreUpdated,
)
from schemas.signals import Signal

_NO_PROFILE = Profile(0, "")


def score_updated(
    tenant: str,
    contact: str,
    state: ContactState,
    model: HealthModel,
    current: Assessment,
    change: ScoreChange,
    cause: Cause,
    mode: Mode,
    ahead: Ahead,
) -> ScoreUpdated:
    """The record of a score. `state.seq` is its number, `state.published` still the one before."""
    profile = state.profile if state.profile is not None else _NO_PROFILE
    before, last_activity_at = state.published, state.activity.last_at
    return ScoreUpdated(
        event_id=event_id(tenant, contact, "score", state.seq),
        seq=state.seq,
        tenant=tenant,
        at=_time(current.now),
        mode=mode,
        contact=contact,
        score=current.score,
        score_raw=current.score_raw,
        band=current.band,
        computed_band=current.computed_band,
        trend=current.trend,
        coverage=current.weight / model.weight,
        confidence=confidence(current.facts),
        facts=current.facts,
        components=_component_scores(current),
        change=change,
        cause=cause,
        model=model.version,
        previous_score=None if before is None else before.score,
        last_activity_at=None if last_activity_at is None else _time(last_activity_at),
        next_decay_at=None if ahead.decay is None else _time(ahead.decay),
        score_if_silent=None if ahead.decay is None else _score_at(ahead.decay, ahead, state, model, current),
        account=profile.account,
        csm=profile.csm,
        team=profile.team,
        division=profile.division,
        segment=model.segment,
        capped_by=current.capped_by,
        override=None if state.override is None else override_in_force(state.override, current.now),
    )


def override_in_force(override: Override | None, now: int) -> OverrideInForce | None:
    """What a record says of an override, while it sets the band."""
    if override is None or not override.in_force(now):
        return None
    expires_at = None if override.expires_at is None else _time(override.expires_at)
    return OverrideInForce(
        author=override.author, reason=override.reason, set_at=_time(override.at), expires_at=expires_at
    )


def score_change(before: Published | None, old: Components, current: Assessment) -> ScoreChange:
    """What the time since the last record did to the old facts (`old` is them at the new time), and what the signal did
    then. Parts of zero are left out.
    """
    if before is None:
        return ScoreChange(total=current.score_raw, by_signal=_shifted([], 0.0, current.components, current.weight))
    then, weight, new, new_weight = before.components, before.weight, current.components, current.weight
    old_weight = weight if old is then else weigh(old)[0]
    if weight == old_weight == new_weight and before.model == current.model:
        by_decay = {} if old is then else _moved(then, old, weight)
        by_signal = _moved(old, new, weight)
    else:
        by_decay, by_signal = _shifted(then, weight, old, old_weight), _shifted(old, old_weight, new, new_weight)
    return ScoreChange(total=current.score_raw - before.score_raw, by_decay=by_decay, by_signal=by_signal)


def band_changed(record: ScoreUpdated, current: Assessment, before: Published | None) -> BandChanged:
    """The record of a change of band that comes with a score record."""
    from_band = None if before is None else before.band
    return BandChanged(
        event_id=event_id(record.tenant, record.contact, "band", record.seq),
        seq=record.seq,
        tenant=record.tenant,
        at=record.at,
        mode=record.mode,
        contact=record.contact,
        direction=direction(from_band, current.band_number),
        to_band=record.band,
        from_band=None if from_band is None else BANDS[from_band],
        score=record.score,
        previous_score=record.previous_score,
        cause=record.cause,
    )


def score_closed(tenant: str, contact: str, seq: int, day: int, current: Assessment, mode: Mode) -> ScoreClosed:
    """The record of the close of a day (a proleptic ordinal)."""
    closed = date.fromordinal(day)
    return ScoreClosed(
        event_id=event_id(tenant, contact, "close", closed.isoformat()),
        seq=seq,
        tenant=tenant,
        at=_time(current.now),
        mode=mode,
        contact=contact,
        day=closed,
        score=current.score,
        score_raw=current.score_raw,
        band=current.band,
        points={NAMES[code]: value for code, value in current.points.items()},
    )


def contact_forgotten(
    tenant: str, contact: str, known_as: tuple[str, ...], state: ContactState, signal: Signal
) -> ContactForgotten:
    """The receipt of an erasure. `state` is the marker that is left."""
    fact: ContactErased = signal.fact  # type: ignore[assignment]
    return ContactForgotten(
        event_id=event_id(tenant, contact, "forgotten", str(state.erased_at)),
        seq=state.seq,
        tenant=tenant,
        at=_time(state.now),
        mode=signal.mode,
        contact=contact,
        erased_at=fact.occurred_at,
        topics=tuple(cleaned(_time(state.now))),
        known_as=known_as,
    )


def _component_scores(current: Assessment) -> dict[str, ComponentScore]:
    weight = current.weight
    return {
        NAMES[one.code]: ComponentScore(
            value=one.value,
            weight=one.weight / weight,
            points=100.0 * one.weight * one.value / weight,
            observations=one.observations,
            last_at=_time(one.last_at),
            grade=grade(one.value) if one.code in GRADED else None,
        )
        for one in current.components
        if one is not None
    }


def _score_at(then: int, ahead: Ahead, state: ContactState, model: HealthModel, current: Assessment) -> int:
    """The score at a later time, all facts unchanged."""
    if model.exceptions:
        silent = remeasure(state, model, then, current.components, CLOCK)
        return capped(model.exceptions, rounded(weigh(silent)[1]), state, silent, then)[0]
    score_raw = current.score_raw
    for (index, component), at in zip(model.readers(CLOCK), ahead.changes, strict=True):
        if at is None or at > then:
            continue
        now, later = current.components[index], component.measure(state, then)
        if now is not None and later is not None:
            score_raw += 100.0 * now.weight * (later.value - now.value) / current.weight
        elif now is not later:
            # A component that runs out of data, or comes by some, shifts the weight of all others.
            return rounded(weigh(remeasure(state, model, then, current.components, CLOCK))[1])
    return rounded(round(score_raw, 9))


def _moved(before: Components, after: Components, weight: float) -> dict[str, float]:
    """The change of the points of components of one model and one weight: most are untouched, the same objects."""
    changes = {}
    for one, other in zip(before, after, strict=True):
        if one is not other:
            change = (0.0 if other is None else points(other, weight)) - (0.0 if one is None else points(one, weight))
            changed = one if other is None else other
            if change != 0.0 and changed is not None:
                changes[NAMES[changed.code]] = change
    return changes


def _shifted(before: Components, weight_before: float, after: Components, weight_after: float) -> dict[str, float]:
    """The same where components came or went, and so the weight of all others changed too."""
    changes = {one.code: points(one, weight_after) for one in after if one is not None}
    for one in before:
        if one is not None:
            changes[one.code] = changes.get(one.code, 0.0) - points(one, weight_before)
    return {NAMES[code]: change for code, change in changes.items() if change != 0.0}


# A record names most of its times more than once, and those of a cycle are near each other.
@lru_cache(maxsize=1024)
def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
