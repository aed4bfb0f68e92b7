"""The records that go out of a row: scores, band changes, daily closes."""

from datetime import UTC, date, datetime

from models.health.assess import Assessment, confidence, coverage, points, raw_score, remeasure
from models.health.bands import direction, rounded
from models.health.components.registry import NAMES
from models.health.facts.sections import CLOCK
from models.health.model import HealthModel
from models.health.state import ContactState, Measured, Published
from schemas.base import Mode
from schemas.control import OverrideCleared, OverrideSet
from schemas.event_ids import event_id
from schemas.scores import BandChanged, Cause, ComponentScore, ScoreChange, ScoreClosed, ScoreUpdated
from schemas.signals import ContactFact

_OVERRIDE = Cause(type="override")


def cause_of(fact: ContactFact) -> Cause:
    """The cause of a change that a fact makes."""
    if isinstance(fact, OverrideSet | OverrideCleared):
        return _OVERRIDE
    return Cause(type=fact.__struct_config__.tag, id=fact.event_id)  # type: ignore[arg-type]  # all tags are words


def score_updated(
    tenant: str,
    contact: str,
    state: ContactState,
    model: HealthModel,
    current: Assessment,
    change: ScoreChange,
    cause: Cause,
    mode: Mode,
) -> ScoreUpdated:
    """The record of a score. `state.seq` is its number, `state.published` still the one before."""
    profile, before = state.profile, state.published
    next_step = next_decay(state, model, current.now)
    silent = None if next_step is None else remeasure(state, model, next_step, current.components, CLOCK)
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
        coverage=coverage(current.components, model),
        confidence=confidence(current.facts),
        facts=current.facts,
        components=_component_scores(current.components),
        change=change,
        cause=cause,
        model=current.model,
        previous_score=None if before is None else before.score,
        last_activity_at=None if state.activity.last_at is None else _time(state.activity.last_at),
        next_decay_at=None if next_step is None else _time(next_step),
        score_if_silent=None if silent is None else rounded(raw_score(silent)),
        account=None if profile is None else profile.account,
        csm=None if profile is None else profile.csm,
        team=None if profile is None else profile.team,
        division=None if profile is None else profile.division,
    )


def next_decay(state: ContactState, model: HealthModel, now: int) -> int | None:
    """The first millisecond at which the contact's silence alone lowers a component, if there is one."""
    earliest = None
    for component, _, _, reads in model.parts:
        if reads & CLOCK:
            step = component.next_step(state, now)
            if step is not None and (earliest is None or step < earliest):
                earliest = step
    return earliest


def score_change(before: Published | None, aged: list[Measured], current: Assessment) -> ScoreChange:
    """What the time since the last record did to the old facts, and what the signal did then. Parts of zero are left
    out.
    """
    then = {} if before is None else points(before.components)
    silent = then if before is not None and aged == before.components else points(aged)
    now = points(current.components)
    return ScoreChange(
        total=current.score_raw - (0.0 if before is None else raw_score(before.components)),
        by_decay={} if silent is then else _difference(then, silent),
        by_signal=_difference(silent, now),
    )


def band_changed(record: ScoreUpdated, before: Published | None) -> BandChanged:
    """The record of a change of band that comes with a score record."""
    from_band = None if before is None else before.band
    return BandChanged(
        event_id=event_id(record.tenant, record.contact, "band", record.seq),
        seq=record.seq,
        tenant=record.tenant,
        at=record.at,
        mode=record.mode,
        contact=record.contact,
        direction=direction(from_band, record.band),
        to_band=record.band,
        from_band=from_band,
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
        points={NAMES[code]: value for code, value in points(current.components).items()},
    )


def _component_scores(components: list[Measured]) -> dict[str, ComponentScore]:
    weights = sum([one.weight for one in components])
    return {
        NAMES[one.code]: ComponentScore(
            value=one.value,
            weight=one.weight / weights,
            points=100.0 * one.weight * one.value / weights,
            observations=one.observations,
            last_at=None if one.last_at is None else _time(one.last_at),
        )
        for one in components
    }


def _difference(before: dict[int, float], after: dict[int, float]) -> dict[str, float]:
    changes = {}
    for code, value in after.items():
        change = value - before.get(code, 0.0)
        if change != 0.0:
            changes[NAMES[code]] = change
    for code, value in before.items():
        if code not in after and value != 0.0:
            changes[NAMES[code]] = -value
    return changes


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
