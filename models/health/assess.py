"""From facts to a score: 100 times the weighted mean of the components that have data.

A component without data is left out, and so its weight falls to the others. Without any there is no score.
"""

from typing import NamedTuple

import msgspec

from models.health.bands import BANDS, DECLINING, IMPROVING, INSUFFICIENT_HISTORY, STABLE, TRENDS, rounded
from models.health.closes import score_at
from models.health.facts.messages import DAY_MS, customer_messages
from models.health.facts.sections import CLOCK, NOTHING
from models.health.facts.tickets import tickets_here
from models.health.hard_exceptions import capped
from models.health.model import HealthModel
from models.health.state import Components, ContactState, Measured, Published
from schemas.base import Band
from schemas.scores import Confidence, Trend

TREND_MS = 7 * DAY_MS
TREND_POINTS = 5
_MEDIUM_FACTS = 5
_HIGH_FACTS = 15


class Assessment(msgspec.Struct, frozen=True, gc=False):
    """A contact's score at `now` by a model, and all that explains it.

    `components` are those of the model in its order, None for one without data; `weight` is the sum of the weights of
    those present. Bands and the trend are numbers too, as rows keep them. `model` is the model's key; `capped_by` names
    the hard exception that lowered `score` below what `score_raw` rounds to.
    """

    now: int
    model: str
    components: Components
    weight: int | float
    score_raw: float
    score: int
    band_number: int
    computed_band_number: int
    trend_number: int
    facts: int
    capped_by: str | None = None

    @property
    def band(self) -> Band:
        """The band: the override's while there is one."""
        return BANDS[self.band_number]

    @property
    def computed_band(self) -> Band:
        """The band that the score is in."""
        return BANDS[self.computed_band_number]

    @property
    def trend(self) -> Trend:
        """Where the score is going."""
        return TRENDS[self.trend_number]

    @property
    def points(self) -> dict[int, float]:
        """The points of each present component by code. They sum to `score_raw`."""
        return points_by_code(self.components, self.weight)


def assess(state: ContactState, model: HealthModel, now: int) -> Assessment | None:
    """The score of a row at `now`, computed from nothing but its facts; None if no component has data."""
    return summarise(state, model, now, measure(state, model, now), count_facts(state))


def measure(state: ContactState, model: HealthModel, now: int) -> Components:
    """All components of the model, in its order."""
    return [component.measure(state, now) for component in model.components]


def remeasure(state: ContactState, model: HealthModel, now: int, known: Components, changed: int) -> Components:
    """The same, where `known` was measured before the sections `changed` did: only what reads them is measured anew."""
    readers = model.readers(changed)
    if not readers:
        return known
    measured = known.copy()
    for index, component in readers:
        measured[index] = component.measure(state, now)
    return measured


def aged(state: ContactState, model: HealthModel, now: int) -> Components:
    """The components at `now` of facts that have not changed since the last published score."""
    published = state.published
    if published is None or published.model != model.key:
        return measure(state, model, now)
    age, components = now - published.now, published.components
    for place, after in enumerate(published.changes):
        if after is not None and age >= after:
            if components is published.components:
                components = components.copy()
            index, component = model.readers(CLOCK)[place]
            components[index] = component.measure(state, now)
    return components


class Ahead(NamedTuple):
    """What time alone will do. `changes`: for each component that reads the clock, in the model's order, the first
    millisecond at which its value changes, None for never; `change`: the first of these and of the ends of hard
    exceptions; `decay`: that at which silence makes a component worse.
    """

    changes: list[int | None]
    change: int | None
    decay: int | None


def look_ahead(
    state: ContactState, model: HealthModel, now: int, known: Published | None = None, changed: int = NOTHING
) -> Ahead:
    """What time alone will do to the components and exceptions of a row after `now`. `known` was published before the
    sections `changed` did: what it says of components that read none of them stands.
    """
    readers = model.readers(CLOCK)
    if known is None or known.model != model.key:
        changes = [component.next_change(state, now) for _, component in readers]
    else:
        since = known.now
        changes = [None if after is None else since + after for after in known.changes]
        for place, component in model.ageing(changed):
            changes[place] = component.next_change(state, now)
    first = decay = None
    for place, at in enumerate(changes):
        if at is not None:
            if at <= now:  # it has changed since
                at = changes[place] = readers[place][1].next_change(state, now)
                if at is None:
                    continue
            if first is None or at < first:
                first = at
            if readers[place][1].decays and (decay is None or at < decay):
                decay = at
    if model.watched & CLOCK:
        for exception in model.exceptions:
            at = exception.next_change(state, now)
            if at is not None and (first is None or at < first):
                first = at
    return Ahead(changes, first, decay)


def summarise(
    state: ContactState, model: HealthModel, now: int, components: Components, facts: int
) -> Assessment | None:
    """The score of these components."""
    weight, score_raw = weigh(components)
    if weight == 0:
        return None
    score, capped_by = rounded(score_raw), None
    if model.exceptions:
        score, capped_by = capped(model.exceptions, score, state, components, now)
    computed_band = model.bands.band(score)
    override = None if state.override is None else state.override.band_at(now)
    return Assessment(
        now,
        model.key,
        components,
        weight,
        score_raw,
        score,
        computed_band if override is None else BANDS.index(override),
        computed_band,
        trend(state.closes, score, now),
        facts,
        capped_by,
    )


def weigh(components: Components) -> tuple[int | float, float]:
    """The sum of the present weights, and 100 * sum(weight * value) / sum(weight): a weight of 0 means no score.

    To ten decimals: what floats add in the sixteenth must not decide a band.
    """
    weight: int | float = 0
    total = 0.0
    for one in components:
        if one is not None:
            weight += one.weight
            total += one.weight * one.value
    return weight, round(100.0 * total / weight, 10) if weight else 0.0


def points(one: Measured, weight: float) -> float:
    """The points of a component, where the weights of all present ones sum to `weight`."""
    return 100.0 * one.weight * one.value / weight


def points_by_code(components: Components, weight: int | float) -> dict[int, float]:
    """The points of each component that is present."""
    return {one.code: 100.0 * one.weight * one.value / weight for one in components if one is not None}


def count_facts(state: ContactState) -> int:
    """How many facts stand behind a score: the customer's own messages, answers, tickets and reviews."""
    return customer_messages(state.messages) + len(state.answers) + tickets_here(state.tickets) + len(state.reviews)


def confidence(facts: int) -> Confidence:
    """How much evidence a number of facts is."""
    if facts < _MEDIUM_FACTS:
        return "low"
    return "medium" if facts < _HIGH_FACTS else "high"


def trend(closes: list[bytes], score: int, now: int) -> int:
    """The score against the daily close at or before seven days ago: the place in `TRENDS`."""
    before = score_at(closes, now - TREND_MS)
    if before is None:
        return INSUFFICIENT_HISTORY
    if score - before >= TREND_POINTS:
        return IMPROVING
    return DECLINING if before - score >= TREND_POINTS else STABLE
