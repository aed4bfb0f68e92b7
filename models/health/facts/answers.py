"""Survey answers: the latest of each kind and the 30 latest of all."""

from bisect import insort
from typing import Literal

import msgspec

from models.health.facts.ids import id_number
from models.health.facts.sections import ANSWERS, NOTHING
from schemas.base import SurveyKind
from schemas.surveys import SurveyAnswered

KEPT = 30

Kind = Literal[0, 1, 2, 3, 4]
NPS: Kind = 0
CSAT: Kind = 1
STAR: Kind = 2
THUMBS: Kind = 3
CES: Kind = 4
SATISFACTION = frozenset((CSAT, STAR, THUMBS))
"""The three kinds of question that ask the same."""

KINDS: dict[SurveyKind, Kind] = {"nps": NPS, "csat": CSAT, "star": STAR, "thumbs": THUMBS, "ces": CES}


class Answer(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """An answer; ordered by time, then event id. `share` is where it lies on its scale, 0..1."""

    at: int
    event_id: str
    id: int
    kind: Kind
    share: float


def add_answer(answers: list[Answer], fact: SurveyAnswered, at: int) -> tuple[int, list[Answer]]:
    """Keep an answer once, as it was last sent. Returns the sections that changed and the answers that had to leave."""
    new = Answer(
        at=at,
        event_id=fact.event_id,
        id=id_number(fact.answer if fact.answer is not None else fact.event_id),
        kind=KINDS[fact.kind],
        share=(fact.value - fact.scale_min) / (fact.scale_max - fact.scale_min),
    )
    for index, old in enumerate(answers):
        if old.id == new.id:
            if new <= old:
                return NOTHING, []
            del answers[index]
            break
    insort(answers, new)
    left = shorten_answers(answers) if len(answers) > KEPT else []
    return (NOTHING, []) if new in left else (ANSWERS, left)


def latest(answers: list[Answer], kinds: frozenset[Kind]) -> Answer | None:
    """The latest answer of these kinds."""
    for answer in reversed(answers):
        if answer.kind in kinds:
            return answer
    return None


def shorten_answers(answers: list[Answer]) -> list[Answer]:
    """Take out what is neither among the 30 latest nor the latest of its kind; returns it."""
    later_kinds = {answer.kind for answer in answers[-KEPT:]}
    kept, left = [], []
    for answer in reversed(answers[:-KEPT]):
        if answer.kind in later_kinds:
            left.append(answer)
        else:
            later_kinds.add(answer.kind)
            kept.append(answer)
    answers[:-KEPT] = reversed(kept)
    return left
