"""The daily recompute of a row: decay, the close of the day, and the audit of what was published."""

from models.health import records
from models.health.alerts.rule import SCORE, Circumstances
from models.health.assess import Assessment, aged, count_facts, measure, points_by_code, summarise, weigh
from models.health.causes import RECOMPUTE
from models.health.closes import add_close, closed_since, pack_close, same_close
from models.health.due import next_due
from models.health.facts.sections import NOTHING
from models.health.model import HealthModel
from models.health.publish import publish, score_moved, score_stands, watch_alerts
from models.health.reaction import Reaction, Subject
from models.health.state import ContactState, Published
from schemas.base import Mode

_DRIFT = 1e-9


def tick(
    state: ContactState, subject: Subject, day: int, now: int, model: HealthModel, mode: Mode, quiet: bool = False
) -> Reaction:
    """The daily recompute of a row: decay, the close of `day` (a proleptic ordinal), the score if it changed.

    A row that nothing changes is left as it is, so that it need not be written. `quiet`: no alert begins.
    """
    reaction = Reaction()
    before = state.published
    old = aged(state, model, now)
    stands = before is not None and not state.alerts and score_stands(state, before, old, model, now)
    if stands and before is not None and _closed_as(state.closes, before):
        return reaction
    facts = count_facts(state) if before is None else before.facts
    current = summarise(state, model, now, old, facts)
    publish(reaction, state, subject, model, current, old, RECOMPUTE, mode)
    if current is not None:
        _close(reaction, state, subject, day, current, mode)
    touched = SCORE if score_moved(before, state.published) else NOTHING
    if touched or state.alerts:
        how = Circumstances(now, quiet, daily=True)
        watch_alerts(reaction, state, subject, model, touched, how, RECOMPUTE, mode, before, everything=True)
    if reaction.changed:
        state.now = now
        state.due_at = next_due(state, model)
    return reaction


def _close(
    reaction: Reaction, state: ContactState, subject: Subject, day: int, current: Assessment, mode: Mode
) -> None:
    """Keep the close of a day, and let its record go out, if it differs from the latest one."""
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
