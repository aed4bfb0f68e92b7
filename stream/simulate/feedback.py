"""Answers to questions and reviews: what the contact's mood makes of a scale."""

from schemas.base import SurveyKind, from_milliseconds
from schemas.surveys import ReviewPosted, SurveyAnswered
from stream.simulate.desk import Desk, Story
from stream.simulate.rhythm import HOUR

_AFTER_SOLVING: tuple[tuple[SurveyKind, int, int], ...] = (
    ("csat", 1, 5),
    ("csat", 1, 5),
    ("csat", 1, 10),
    ("star", 1, 5),
    ("thumbs", 0, 1),
    ("ces", 1, 7),
)
_SITES = ("trustful.example", "software-advisor.example", "starboard.example")


def after_solving(desk: Desk, contact: int, at: int, ticket: str) -> Story:
    """Sometimes an answer, within seven hours, to the question that follows a solved ticket."""
    if desk.chance(0.35):
        kind, scale_min, scale_max = desk.pick(_AFTER_SOLVING)
        answered_at = at + min(desk.delay(HOUR), 7 * HOUR)
        yield _answer(desk, contact, answered_at, kind, scale_min, scale_max, ticket)


def nps(desk: Desk, contact: int, at: int) -> Story:
    """An answer to the question whether one would recommend us."""
    yield from desk.introduce(contact, at)
    yield _answer(desk, contact, at, "nps", 0, 10, None)


def review(desk: Desk, contact: int, at: int) -> Story:
    """A review on a third party's site, of the contact's or in the name of the account."""
    yield from desk.introduce(contact, at)
    people = desk.people
    of_account = desk.chance(0.15)
    yield (
        at,
        ReviewPosted(
            event_id=f"e{desk.number()}",
            occurred_at=from_milliseconds(at),
            tenant=people.tenant(contact),
            contact=None if of_account else people.name(contact),
            account=people.account(contact) if of_account else None,
            site=desk.pick(_SITES),
            value=_on_scale(desk, contact, 1, 5),
            scale_min=1,
            scale_max=5,
        ),
    )


def _answer(
    desk: Desk, contact: int, at: int, kind: SurveyKind, scale_min: int, scale_max: int, ticket: str | None
) -> tuple[int, SurveyAnswered]:
    return desk.event(
        SurveyAnswered,
        contact,
        at,
        kind=kind,
        value=_on_scale(desk, contact, scale_min, scale_max),
        scale_min=scale_min,
        scale_max=scale_max,
        answer=f"s{desk.number()}" if desk.chance(0.8) else None,
        ticket=ticket,
    )


def _on_scale(desk: Desk, contact: int, scale_min: int, scale_max: int) -> int:
    share = 0.55 + 0.5 * desk.people.mood(contact) + desk.rng.gauss(0.0, 0.12)
    return scale_min + round(max(0.0, min(1.0, share)) * (scale_max - scale_min))
