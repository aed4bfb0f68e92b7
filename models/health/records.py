"""The records that go out of a row: scores, band changes, daily closes."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import get_args

from models.health.assess import Assessment, confidence, points, remeasure, weigh
from models.health.bands import BANDS, direction, rounded
from models.health.components.registry import NAMES
from models.health.facts.profile import Profile
from models.health.facts.sections import CLOCK
from models.health.model import HealthModel
from models.health.state import Components, ContactState, Published
from schemas.base import Mode
from schemas.control import OverrideCleared, OverrideSet
from schemas.event_ids import event_id
from schemas.scores import BandChanged, Cause, ComponentScore, ScoreChange, ScoreClosed, ScoreUpdated
from schemas.signals import ContactFact

_NO_PROFILE = Profile(0, "")
_OVERRIDE = Cause(type="override")
_OVERRIDES = (OverrideSet, OverrideCleared)
_TAGS = {kind: str(kind.__struct_config__.tag) for kind in get_args(ContactFact)}


def cause_of(fact: ContactFact) -> Cause:
    """The cause of a change that a fact makes."""
    if isinstance(fact, _OVERRIDES):
        return _OVERRIDE
    return Cause(type=_TAGS[type(fact)], id=fact.event_id)


def score_updated(
    tenant: str,
    contact: str,
    state: ContactState,
    model: HealthModel,
    current: Assessment,
    change: ScoreChange,
    cause: Cause,
    mode: Mode,
    next_decay: int | None,
) -> ScoreUpdated:
    """The record of a score. `state.seq` is its number, `state.published` still the one before; `next_decay` is when
    silence alone makes a component worse.
    """
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
        model=current.model,
        previous_score=None if before is None else before.score,
        last_activity_at=None if last_activity_at is None else _time(last_activity_at),
        next_decay_at=None if next_decay is None else _time(next_decay),
        score_if_silent=None if next_decay is None else _score_at(next_decay, state, model, current),
        account=profile.account,
        csm=profile.csm,
        team=profile.team,
        division=profile.division,
    )


def score_change(before: Published | None, old: Components, current: Assessment) -> ScoreChange:
    """What the time since the last record did to the old facts (`old` is them at the new time), and what the signal did
    then. Parts of zero are left out.
    """
    then = [] if before is None else before.components
    return ScoreChange(
        total=current.score_raw - (0.0 if before is None else before.score_raw),
        by_decay={} if old is then else _difference(then, old),
        by_signal={} if current.components is old else _difference(old, current.components),
    )


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


def _component_scores(current: Assessment) -> dict[str, ComponentScore]:
    weight = current.weight
    return {
        NAMES[one.code]: ComponentScore(
            value=one.value,
            weight=one.weight / weight,
            points=100.0 * one.weight * one.value / weight,
            observations=one.observations,
            last_at=_time(one.last_at),
        )
        for one in current.components
        if one is not None
    }


def _score_at(then: int, state: ContactState, model: HealthModel, current: Assessment) -> int:
    """The score at a later time, all facts unchanged."""
    return rounded(weigh(remeasure(state, model, then, current.components, CLOCK))[1])


def _difference(before: Components, after: Components) -> dict[str, float]:
    """The change of each component's points."""
    weight_before, weight_after = _weight(before), _weight(after)
    if weight_before == weight_after:
        # The usual case: the same components, most of them untouched.
        before, after = [one for one in before if one not in after], [one for one in after if one not in before]
    changes = {one.code: points(one, weight_after) for one in after if one is not None}
    for one in before:
        if one is not None:
            changes[one.code] = changes.get(one.code, 0.0) - points(one, weight_before)
    return {NAMES[code]: change for code, change in changes.items() if change != 0.0}


def _weight(components: Components) -> float:
    return sum([one.weight for one in components if one is not None])


@lru_cache(maxsize=1024)
def _time(milliseconds: int) -> datetime:
    """The time as records have it; one record has the same time in several places."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
