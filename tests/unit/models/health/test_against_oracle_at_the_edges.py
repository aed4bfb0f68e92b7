"""Small logs made to hurt: equal times, ages on the edge of a step, forgotten contacts, words before their message."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zlib import crc32

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.base import Event, from_milliseconds
from schemas.control import (
    ContactErased,
    ContactMerged,
    ContactRestored,
    OverrideCleared,
    OverrideSet,
    SentimentCorrected,
)
from schemas.messages import MessageClassified
from schemas.profiles import ContactUpdated
from schemas.signals import Clock, Tick
from schemas.surveys import ReviewPosted, SurveyAnswered
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketReplied, TicketSolved, TicketUpdated
from tests.oracle.agreeing import disagreements
from tests.oracle.log import Entry

DAY = 86_400_000
START = 20_000 * DAY
FOUR = 4 * 3_600_000
CONTACTS = ("ann", "bob")
SCALES = {"nps": (0.0, 10.0), "csat": (1.0, 5.0), "star": (0.5, 5.0), "thumbs": (0.0, 1.0), "ces": (1.0, 7.0)}

days = st.sampled_from([0, 0, 0, 1, 6, 7, 7, 8, 14, 16, 30, 60, 90])
nudges = st.sampled_from([-1, 0, 0, 0, 1, FOUR])
numbers = st.integers(0, 4).map(str)
maybe_numbers = st.none() | numbers
sides = st.sampled_from(["customer", "customer", "customer", "agent", "bot", "system"])
labels = st.sampled_from(["negative", "neutral", "positive"])
times = st.integers(0, 30).map(lambda day: from_milliseconds(START + day * DAY))

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def happenings(draw: Draw) -> Callable[[str, str, datetime], Event]:
    """A fact that still lacks its event id, its contact and its time."""
    kind = draw(st.sampled_from(list(MAKERS)))
    facts = {name: draw(strategy) for name, strategy in MAKERS[kind].items()}
    if kind in (SurveyAnswered, ReviewPosted):
        scale = facts.get("kind", "star")
        facts["scale_min"], facts["scale_max"] = SCALES[scale]
        facts["value"] = draw(st.sampled_from([*SCALES[scale], 1.0]))
    return lambda event_id, contact, at: kind(
        event_id=event_id, contact=contact, occurred_at=at, **_named(kind, facts, at, event_id)
    )


MAKERS: dict[type[Any], dict[str, st.SearchStrategy[Any]]] = {
    MessageClassified: {"message": numbers},
    SurveyAnswered: {"kind": st.sampled_from(list(SCALES)), "answer": maybe_numbers},
    ReviewPosted: {"site": numbers},
    SentimentCorrected: {"message": numbers, "label": labels, "author": st.just("agent")},
    ContactUpdated: {"account": maybe_numbers, "csm": maybe_numbers, "role": maybe_numbers},
    TicketOpened: {"ticket": numbers, "opened_by": sides},
    TicketReplied: {"ticket": numbers, "author": sides, "message": maybe_numbers},
    TicketUpdated: {"ticket": numbers, "status": st.sampled_from(["open", "pending", "solved", None])},
    TicketSolved: {"ticket": numbers},
    TicketReopened: {"ticket": numbers, "reopened_by": sides},
    TicketClosed: {"ticket": numbers},
    OverrideSet: {
        "band": st.sampled_from(["champion", "healthy", "danger"]), "expires_at": st.none() | times,
        "reason": st.just("known"), "author": st.just("csm"),
    },
    OverrideCleared: {"author": st.just("csm")},
    ContactErased: {},
    ContactRestored: {},
    ContactMerged: {"into": st.just("somebody")},
}  # fmt: skip


def _named(kind: type[Any], facts: dict[str, Any], at: datetime, event_id: str) -> dict[str, Any]:
    """Facts about one message at one time contradict each other in nothing but its label; those of other times may."""
    if kind is not MessageClassified:
        return facts
    chance = crc32(f"{facts['message']} {at}".encode())
    return facts | {
        "author": ("customer", "customer", "agent", "bot", "system")[chance % 5],
        "label": ("negative", "neutral", "positive", None)[crc32(event_id.encode()) % 4],
        "conversation": (None, "0", "1", "2")[chance // 20 % 4],
        "ticket": (None, "0", "1")[chance // 80 % 3],
    }


@st.composite
def logs(draw: Draw) -> list[Entry]:
    """A log of two contacts: time goes on in days, facts may be old, repeated, or of the same instant."""
    log: list[Entry] = []
    now, ticked = START, START // DAY - 1
    for number in range(draw(st.integers(1, 25))):
        now = max(START, now + draw(days) * DAY + draw(nudges))
        while (ticked + 1) * DAY + FOUR <= now:
            ticked += 1
            if draw(st.booleans()) or (now - ticked * DAY) < 9 * DAY:
                log.append(Entry(ticked * DAY + FOUR, None, Tick(day=date(1970, 1, 1) + timedelta(days=ticked))))
        if draw(st.integers(0, 9)) == 0:
            log.append(Entry(now, None, Clock()))
        occurred = now - draw(st.sampled_from([0, 0, 0, 1, DAY, 7 * DAY, 10 * DAY]))
        contact = draw(st.sampled_from(CONTACTS))
        event_id = f"e{draw(st.integers(0, 99)):02}-{number}"
        fact: Any = draw(happenings())(event_id, contact, from_milliseconds(occurred))
        if isinstance(fact, ContactMerged) and contact == "ann" and draw(st.booleans()):
            fact = msgspec.structs.replace(fact, into="bob")  # never the other way round: intake refuses circles
        log.append(Entry(now, ("default", contact), fact))
        if isinstance(fact, TicketUpdated) and draw(st.booleans()):
            log.append(Entry(now, ("default", CONTACTS[contact == "ann"]), fact))
        if draw(st.integers(0, 4)) == 0:
            again = draw(st.sampled_from([entry for entry in log if entry.subject is not None]))
            log.append(again._replace(at=now))
    return log


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(logs(), st.sampled_from([1, 3]))
def test_a_log_made_to_hurt_gives_the_records_that_the_oracle_says(log: list[Entry], sweep_every: int) -> None:
    assert disagreements(log, sweep_every) == []
