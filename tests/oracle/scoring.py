"""What the facts of a contact amount to at a time, by a model, in exact fractions."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import Any

from schemas.control import OverrideSet
from schemas.messages import MessageClassified
from schemas.surveys import SurveyAnswered
from tests.oracle.facts import DAY, LABEL_VALUE, SEVERITIES, Facts, exact, milliseconds, when
from tests.oracle.model import Model

STEPS = ((7, Fraction(1)), (14, Fraction(4, 5)), (30, Fraction(3, 5)), (60, Fraction(2, 5)), (90, Fraction(1, 5)))


@dataclass(frozen=True)
class Component:
    """A component of a score."""

    value: Fraction
    weight: Fraction
    points: Fraction
    observations: int
    last_at: int


@dataclass(frozen=True)
class Scored:
    """A contact's score, and all that a record of it says that does not depend on the time within a step of decay."""

    model: str
    segment: str | None
    capped_by: str | None
    score_raw: Fraction
    score: int
    computed_band: str
    coverage: Fraction
    confidence: str
    facts: int
    components: dict[str, Component]
    last_activity_at: int | None
    next_decay_at: int | None
    score_if_silent: int | None
    account: str | None
    csm: str | None
    team: str | None
    division: str | None

    def points(self) -> dict[str, Fraction]:
        """The points of each component."""
        return {name: component.points for name, component in self.components.items()}


@dataclass(frozen=True)
class Assessment(Scored):
    """All that a record of a score says but for its clock, its cause and the change."""

    band: str
    trend: str
    override: tuple[str, str, int, int | None] | None


@dataclass(frozen=True)
class Close:
    """The score of a day, closed at the tick's time."""

    day: str
    at: int
    score: int
    score_raw: Fraction
    band: str
    points: dict[str, Fraction]


Measure = tuple[Fraction, int, int]
"""A component's value, how many observations stand behind it, and the time of the latest."""


def assess(facts: Facts, closes: list[Close], now: int, model: Model) -> Assessment | None:
    """What is to be said at `now`; None if no component has data."""
    recency = engagement(facts, now)
    time = f"at {now}" if model.caps else ""
    scored = facts.once(f"scored {recency} by {model.version} {model.segment} {time}", lambda: score(facts, now, model))
    if scored is None:
        return None
    return Assessment(
        **vars(scored),
        band=override(facts, now) or scored.computed_band,
        override=override_in_force(facts, now),
        trend=trend(closes, scored.score, now),
    )


def score(facts: Facts, now: int, model: Model) -> Scored | None:
    """The score at `now`; None if no component has data."""
    measures = measure(facts, now, model)
    if not measures:
        return None
    raw = raw_score(measures, model)
    points, capped_by = capped(facts, measures, now, model)
    weights = dict(model.weights)
    total = sum((weights[name] for name in measures), Fraction(0))
    decay_at = next_decay_at(facts, now) if "engagement" in measures else None
    count = facts.count()
    profile = facts.profile
    return Scored(
        model=model.version,
        segment=model.segment,
        capped_by=capped_by,
        score_raw=raw,
        score=points,
        computed_band=model.band(points),
        coverage=total / sum(weights.values()),
        confidence="low" if count < 5 else "medium" if count < 15 else "high",
        facts=count,
        components={
            name: Component(value, weights[name] / total, 100 * weights[name] * value / total, observations, last_at)
            for name, (value, observations, last_at) in measures.items()
        },
        last_activity_at=facts.last_activity(),
        next_decay_at=decay_at,
        score_if_silent=None
        if decay_at is None
        else capped(facts, measure(facts, decay_at, model), decay_at, model)[0],
        account=profile.account if profile else None,
        csm=profile.csm if profile else None,
        team=profile.team if profile else None,
        division=profile.division if profile else None,
    )


def measure(facts: Facts, now: int, model: Model) -> dict[str, Measure]:
    """The components that have data."""
    measures = {
        "nps": facts.once("nps", lambda: latest_answer(facts, "nps")),
        "csat": facts.once("csat", lambda: latest_answer(facts, "csat", "star", "thumbs")),
        "sentiment": facts.once(f"sentiment by {model.version}", lambda: sentiment(facts, model.conversations)),
        "engagement": engagement(facts, now),
    }
    return {name: measured for name, _ in model.weights if (measured := measures[name]) is not None}


def raw_score(measures: dict[str, Measure], model: Model) -> Fraction:
    """A hundred times the weighted mean of the components that are there."""
    weights = {name: weight for name, weight in model.weights if name in measures}
    total = sum((weights[name] * value for name, (value, _, _) in measures.items()), Fraction(0))
    return 100 * total / sum(weights.values())


def capped(facts: Facts, measures: dict[str, Measure], now: int, model: Model) -> tuple[int, str | None]:
    """The score after the lowest cap that applies, and the name of that one if it lowers it."""
    points = rounded(raw_score(measures, model))
    applying = [cap for cap in model.caps if all(applies(facts, measures, now, *one) for one in cap["when"].items())]
    lowest = min(applying, key=lambda cap: int(cap["cap"]), default=None)
    if lowest is None or lowest["cap"] >= points:
        return points, None
    return lowest["cap"], lowest["name"]


def applies(facts: Facts, measures: dict[str, Measure], now: int, condition: str, about: dict[str, Any]) -> bool:
    """Whether a condition of a cap holds at `now`."""
    if condition == "component":
        return about["name"] in measures and measures[about["name"]][0] <= exact(about["at_most"])
    if condition == "answer":
        last = next((answer for answer in facts.ordered_answers() if answer.kind == about["kind"]), None)
        if last is None or now - when(last) > about["window_days"] * DAY:
            return False
        return share(last) <= exact(about["at_most"])
    asked = SEVERITIES.index(about.get("severity", "low"))
    open_ones = [ticket for ticket in facts.tickets.values() if ticket.is_open]
    grave = [ticket for ticket in open_ones if ticket.severity and SEVERITIES.index(ticket.severity) >= asked]
    return len(grave if "severity" in about else open_ones) >= about.get("count", 1)


def rounded(raw: Fraction) -> int:
    """The score, half a point up."""
    return floor(raw + Fraction(1, 2))


def latest_answer(facts: Facts, *kinds: str) -> Measure | None:
    """The latest answer of these kinds: where it lies on its scale."""
    for answer in facts.ordered_answers():
        if answer.kind in kinds:
            return share(answer), 1, when(answer)
    return None


def share(answer: SurveyAnswered) -> Fraction:
    """Where an answer lies on its scale."""
    low, high = exact(answer.scale_min), exact(answer.scale_max)
    return (exact(answer.value) - low) / (high - low)


def sentiment(facts: Facts, count: int) -> Measure | None:
    """The mean of the last `count` conversations' means of their customer's messages."""
    conversations: dict[tuple[str, str], list[MessageClassified]] = {}
    for message in facts.latest_messages():
        if message.author == "customer" and facts.label(message) is not None:
            conversations.setdefault(conversation(message), []).append(message)
    last = list(conversations.values())[:count]
    if not last:
        return None
    means = [mean([LABEL_VALUE[str(facts.label(message))] for message in messages]) for messages in last]
    return mean(means), sum(map(len, last)), when(last[0][0])


def conversation(message: MessageClassified) -> tuple[str, str]:
    """Which conversation a message belongs to: its own, its ticket's, or that of its UTC day."""
    if message.conversation is not None:
        return "conversation", message.conversation
    if message.ticket is not None:
        return "ticket", message.ticket
    return "day", str(when(message) // DAY)


def mean(values: list[Fraction]) -> Fraction:
    """The mean."""
    return sum(values, Fraction(0)) / len(values)


def engagement(facts: Facts, now: int) -> Measure | None:
    """How long ago the contact was last active."""
    last_at = facts.last_activity()
    if last_at is None:
        return None
    value = next((value for days, value in STEPS if now - last_at <= days * DAY), Fraction(0))
    return value, 1, last_at


def next_decay_at(facts: Facts, now: int) -> int | None:
    """The first millisecond ahead at which silence alone lowers the engagement."""
    last_at = facts.last_activity()
    if last_at is None:
        return None
    return next((last_at + days * DAY + 1 for days, _ in STEPS if now - last_at <= days * DAY), None)


def override(facts: Facts, now: int) -> str | None:
    """The band that a person set, while it is in force."""
    word = facts.override
    if override_in_force(facts, now) is None or not isinstance(word, OverrideSet):
        return None
    return "at_risk" if word.band == "danger" else word.band


def override_in_force(facts: Facts, now: int) -> tuple[str, str, int, int | None] | None:
    """Who set the band that is in force, why, when, and until when."""
    word = facts.override
    if not isinstance(word, OverrideSet):
        return None
    until = None if word.expires_at is None else expiry(word.expires_at)
    return None if until is not None and now >= until else (word.author, word.reason, when(word), until)


def expiry(time: datetime) -> int:
    """When an override ends."""
    return milliseconds(time)


def trend(closes: list[Close], score: int, now: int) -> str:
    """The score against the close at or before seven days ago."""
    before = next((close for close in reversed(closes) if close.at <= now - 7 * DAY), None)
    if before is None:
        return "insufficient_history"
    difference = score - before.score
    return "improving" if difference >= 5 else "declining" if difference <= -5 else "stable"
