"""From facts to a score: 100 times the weighted mean of the components that have data.

A component without data is left out, and so its weight falls to the others. Without any there is no score.
"""

import msgspec

from models.health.bands import rounded
from models.health.closes import score_at
from models.health.facts.messages import DAY_MS, customer_messages
from models.health.facts.sections import CLOCK
from models.health.facts.tickets import tickets_here
from models.health.model import HealthModel
from models.health.state import ContactState, Measured
from schemas.base import Band
from schemas.scores import Confidence, Trend

TREND_MS = 7 * DAY_MS
TREND_POINTS = 5
_MEDIUM_FACTS = 5
_HIGH_FACTS = 15


class Assessment(msgspec.Struct, frozen=True, gc=False):
    """A contact's score at `now` by a model, and all that explains it. `band` is the override's while there is one."""

    now: int
    model: str
    components: list[Measured]
    score_raw: float
    score: int
    band: Band
    computed_band: Band
    trend: Trend
    facts: int

    @property
    def confidence(self) -> Confidence:
        """How much evidence stands behind it."""
        return confidence(self.facts)


def assess(state: ContactState, model: HealthModel, now: int) -> Assessment | None:
    """The score of a row at `now`, computed from nothing but its facts; None if no component has data."""
    return summarise(state, model, now, measure(state, model, now), count_facts(state))


def measure(state: ContactState, model: HealthModel, now: int) -> list[Measured]:
    """All components of the model that have data, in the model's order."""
    measured = []
    for component, code, weight, _ in model.parts:
        seen = component.measure(state, now)
        if seen is not None:
            measured.append(Measured(code, seen[0], weight, seen[1], seen[2]))
    return measured


def remeasure(state: ContactState, model: HealthModel, now: int, known: list[Measured], changed: int) -> list[Measured]:
    """The same, where `known` is what was measured before the sections `changed` did: only what reads them is
    measured.
    """
    measured = []
    for component, code, weight, reads in model.parts:
        if reads & changed:
            seen = component.measure(state, now)
            if seen is not None:
                measured.append(Measured(code, seen[0], weight, seen[1], seen[2]))
        else:
            for one in known:
                if one.code == code:
                    measured.append(one)
                    break
    return measured


def aged(state: ContactState, model: HealthModel, now: int) -> list[Measured]:
    """The components at `now` of facts that have not changed since the last published score."""
    published = state.published
    if published is None or published.model != model.version:
        return measure(state, model, now)
    return remeasure(state, model, now, published.components, CLOCK)


def summarise(
    state: ContactState, model: HealthModel, now: int, components: list[Measured], facts: int
) -> Assessment | None:
    """The score of these components."""
    if not components:
        return None
    score_raw = raw_score(components)
    score = rounded(score_raw)
    computed_band = model.bands.band(score)
    override = None if state.override is None else state.override.band_at(now)
    return Assessment(
        now,
        model.version,
        components,
        score_raw,
        score,
        computed_band if override is None else override,
        computed_band,
        trend(state.closes, score, now),
        facts,
    )


def raw_score(components: list[Measured]) -> float:
    """100 * sum(weight * value) / sum(weight), to ten decimals: what floats add in the sixteenth must not decide a
    band.
    """
    total = weights = 0.0
    for one in components:
        total += one.weight * one.value
        weights += one.weight
    return round(100.0 * total / weights, 10)


def points(components: list[Measured]) -> dict[int, float]:
    """The points of each component by code. They sum to the score."""
    weights = sum([one.weight for one in components])
    return {one.code: 100.0 * one.weight * one.value / weights for one in components}


def coverage(components: list[Measured], model: HealthModel) -> float:
    """The share of the model's weight that has data."""
    return sum([one.weight for one in components]) / model.total_weight


def count_facts(state: ContactState) -> int:
    """How many facts stand behind a score: the customer's own messages, answers, tickets and reviews."""
    return customer_messages(state.messages) + len(state.answers) + tickets_here(state.tickets) + len(state.reviews)


def confidence(facts: int) -> Confidence:
    """How much evidence a number of facts is."""
    if facts < _MEDIUM_FACTS:
        return "low"
    return "medium" if facts < _HIGH_FACTS else "high"


def trend(closes: list[bytes], score: int, now: int) -> Trend:
    """The score against the daily close at or before seven days ago."""
    before = score_at(closes, now - TREND_MS)
    if before is None:
        return "insufficient_history"
    if score - before >= TREND_POINTS:
        return "improving"
    return "declining" if before - score >= TREND_POINTS else "stable"
