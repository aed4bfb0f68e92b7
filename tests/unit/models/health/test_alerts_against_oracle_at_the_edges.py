"""Small logs made to make alerts flap: scores at the edges, times at the ends of dwells, cooldowns and mornings."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.base import Tone, from_milliseconds
from schemas.control import ContactErased, ContactMerged, ContactRestored, ModelPublished, OverrideSet
from schemas.messages import MessageClassified
from schemas.signals import Clock, Tick
from schemas.surveys import SurveyAnswered
from schemas.tickets import TicketOpened, TicketReopened, TicketSolved, TicketUpdated
from tests.oracle.agreeing import disagreements
from tests.oracle.alert_rules import OF_KIND
from tests.oracle.log import Entry, run_oracle

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 20_000 * DAY
FOUR = 4 * HOUR
CONTACTS = ("ann", "bob")

Draw = Callable[[st.SearchStrategy[Any]], Any]
Document = dict[str, Any]

BLOCKS: tuple[Document, ...] = (
    {},
    {"contact_health_declined": {"dwell_minutes": 0, "cooldown_hours": 0}, "steep_drop": {"enabled": False}},
    {"contact_health_declined": {"strict": True, "dwell_minutes": 0}, "tone": {"upset": 1, "messages": 1}},
    {"contact_health_declined": {"dwell_minutes": 0, "rearm_at": 31}, "no_recovery": {"days": 1, "solved": 1}},
    {
        "contact_health_declined": {"at": 34, "on_model_change": True, "cooldown_hours": 1},
        "steep_drop": {"points": 5, "rearm_points": 4, "days": 1, "dwell_minutes": 10, "on_model_change": True},
        "ticket_volume_rising": {"ratio": 1.5, "rearm_ratio": 1, "min_recent": 1, "min_history": 1},
        "severity_rising": {"levels": 1, "rearm_levels": 0.5, "min_tickets": 1, "cooldown_hours": 0},
        "no_recovery": {"days": 7, "solved": 0},
        "tone": {"upset": 2, "messages": 2, "dwell_minutes": 10, "cooldown_hours": 0},
    },
    {"contact_health_declined": {"dwell_minutes": 0, "cooldown_hours": 1}},
    {"contact_health_recovered": {"enabled": False}, "no_recovery": {"days": 1, "solved": 0, "cooldown_hours": 0}},
    {kind: {"enabled": False} for kind in OF_KIND},
)  # fmt: skip
BANDS: dict[int, Document] = {1: {"needs_attention": 35}, 5: {"needs_attention": 36, "healthy": 50}}
DOCUMENTS: tuple[Document, ...] = tuple(
    {
        "version": f"{component}-{number}",
        "components": {component: {}},
        "alerts": block,
        "bands": BANDS.get(number, {}),
    }
    for number, block in enumerate(BLOCKS)
    for component in ("nps", "nps", "csat")
)

HOURS = (0, 1, 5 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, HOUR, FOUR, DAY)
WEEKS = (0, 10 * MINUTE, DAY, DAY, 3 * DAY, 7 * DAY, 14 * DAY)
MONTHS = (10 * MINUTE, DAY, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 16 * DAY, 60 * DAY)
percent = st.integers(0, 99)
nudges = st.sampled_from([-1, 0, 0, 0, 0, 1])
ages = st.sampled_from([*[0] * 6, HOUR, DAY, DAY + 1, 3 * DAY])
scores = st.sampled_from([10, 29, 30, 30, 31, 34, 35, 35, 36, 50, 65])
who = st.sampled_from(["ann", "ann", "ann", "bob"])
names = st.integers(0, 5).map(str)
severities = st.sampled_from(["low", "normal", "high", "urgent"])
tones = st.sampled_from([(), ("frustrated",), ("sad", "happy"), ("confused",)])

FACTS: dict[type[Any], dict[str, st.SearchStrategy[Any]]] = {
    SurveyAnswered: {"kind": st.sampled_from(["nps"] * 4 + ["csat"]), "value": scores},
    MessageClassified: {"tones": tones},
    TicketOpened: {"ticket": names, "severity": severities},
    TicketUpdated: {"ticket": names, "severity": severities},
    TicketSolved: {"ticket": names},
    TicketReopened: {"ticket": names},
    OverrideSet: {"band": st.sampled_from(["champion", "danger"]), "reason": st.just("x"), "author": st.just("csm")},
    ContactErased: {},
    ContactRestored: {},
    ContactMerged: {"into": st.just("somebody")},
}  # fmt: skip
LIFE = [ContactErased, ContactRestored, SurveyAnswered]
ABOUT_SCORES = [*[SurveyAnswered] * 24, *[TicketOpened, TicketSolved, OverrideSet] * 3, *LIFE, ContactMerged]
ABOUT_TICKETS = [*[TicketOpened] * 12, *[TicketUpdated] * 6, *[TicketSolved, TicketReopened] * 3, *LIFE, ContactMerged]
ABOUT_TONES = [*[MessageClassified] * 15, *[SurveyAnswered] * 3, *LIFE]
THEMES = (
    *[(ABOUT_SCORES, HOURS)] * 2, (ABOUT_SCORES, MONTHS), *[(ABOUT_TICKETS, WEEKS)] * 2, (ABOUT_TONES, HOURS),
)  # fmt: skip


@st.composite
def logs(draw: Draw) -> list[Entry]:
    """A log of two contacts that have a score, mostly about one sort of alert, with ticks, clocks, models, imports."""
    kinds, pace = draw(st.sampled_from(THEMES))
    imports = draw(st.sampled_from([0, 10, 10, 50]))
    now, ticked = START, START // DAY - 1
    log = [published(START, draw(st.sampled_from(DOCUMENTS[::3])), "first")]
    log += [answered(START, contact, draw(scores)) for contact in CONTACTS]
    for number in range(draw(st.integers(12, 30))):
        now = max(START, now + draw(st.sampled_from(pace)) + draw(nudges))
        while (ticked + 1) * DAY + FOUR <= now:
            ticked += 1
            mode = "import" if draw(percent) < imports else "live"
            log.append(Entry(ticked * DAY + FOUR, None, Tick(day=date(1970, 1, 1) + timedelta(days=ticked)), mode))
        chance = draw(st.integers(0, 11))
        if chance < 2:
            log.append(Entry(now, None, Clock()))
        elif chance == 2:
            log.append(published(now, draw(st.sampled_from(DOCUMENTS)), f"m{number}"))
        else:
            log.append(happened(draw, number, now, draw(st.sampled_from(kinds)), draw(percent) < imports))
        if draw(st.integers(0, 9)) == 0:
            again = draw(st.sampled_from([entry for entry in log if entry.subject is not None]))
            log.append(again._replace(at=now))
    return log


def happened(draw: Draw, number: int, now: int, kind: type[Any], imported: bool) -> Entry:
    """A fact of a kind, imported or maybe late."""
    contact = draw(who)
    occurred = from_milliseconds(now - (0 if imported else draw(ages)))
    fields = {name: draw(strategy) for name, strategy in FACTS[kind].items()}
    if kind is SurveyAnswered:
        fields |= {"scale_min": 0, "scale_max": 100}
    if kind is MessageClassified:
        fields |= {"message": f"m{number}", "author": "customer", "label": "negative"}
    if kind is OverrideSet:
        fields |= {"expires_at": draw(st.none() | st.just(from_milliseconds(now + 10 * MINUTE)))}
    if kind is ContactMerged and contact == "ann":
        fields |= {"into": "bob"}
    fact = kind(event_id=f"e{number:02}", occurred_at=occurred, contact=contact, **fields)
    mode = "import" if imported else "live"
    return Entry(now, ("default", contact), fact, mode, imported and draw(percent) < 20)


def answered(at: int, contact: str, score: int, name: str | None = None) -> Entry:
    """An NPS answer that makes this score."""
    fact = SurveyAnswered(
        event_id=name or contact, occurred_at=from_milliseconds(at), contact=contact, kind="nps", value=score,
        scale_min=0, scale_max=100,
    )  # fmt: skip
    return Entry(at, ("default", contact), fact)


def published(at: int, document: Document, name: str) -> Entry:
    """A model comes into force."""
    fact = ModelPublished(
        event_id=name, occurred_at=from_milliseconds(at), version=document["version"],
        model=msgspec.Raw(msgspec.json.encode(document)), author="carol",
    )  # fmt: skip
    return Entry(at, None, fact)


@settings(
    max_examples=600,
    derandomize=True,  # a log that is rare must not fail who changed something else
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(logs(), st.sampled_from([1, 3]))
def test_a_log_made_to_flap_gives_the_alerts_that_the_oracle_says(log: list[Entry], sweep_every: int) -> None:
    assert disagreements(log, sweep_every) == []


def opened(day: float, *severities: str) -> list[Entry]:
    """Tickets of ann, one after the other."""
    return [
        about_ticket(TicketOpened, START + round(day * DAY) + number * MINUTE, f"{day}-{number}", severity=severity)
        for number, severity in enumerate(severities)
    ]


def gone(day: float, *tickets: str) -> list[Entry]:
    """Tickets of ann that go to bob."""
    moved = {"contact": "bob", "previous_contact": "ann"}
    return [about_ticket(TicketUpdated, START + round(day * DAY), ticket, **moved) for ticket in tickets]


def about_ticket(kind: type[Any], at: int, ticket: str, **fields: Any) -> Entry:
    """A fact about a ticket."""
    about = {"event_id": f"{kind.__name__} {ticket}", "occurred_at": from_milliseconds(at), "contact": "ann"}
    return Entry(at, ("default", "ann"), kind(**about | fields, ticket=ticket))


def scored(*scores: int) -> list[Entry]:
    """Ann's scores, a minute apart, after a day closed at 90."""
    tick = Entry(START + FOUR, None, Tick(day=date(1970, 1, 1) + timedelta(days=START // DAY)))
    return [tick, *(answered(START + DAY + n * MINUTE, "ann", score, f"s{n}") for n, score in enumerate(scores))]


def upset(*tones: Tone) -> list[Entry]:
    """Ann's messages, a minute apart."""
    return [
        Entry(at, ("default", "ann"), MessageClassified(
            event_id=f"m{at}", occurred_at=from_milliseconds(at), contact="ann", message=f"m{at}", author="customer",
            label="negative", tones=(tone,),
        ))
        for at, tone in enumerate(tones, START + DAY)
    ]  # fmt: skip


NORMAL, LEFT = ["normal"] * 20, ["50-0", "50-1", "50-2"]
EDGES: dict[str, tuple[str, list[Entry]]] = {
    "a level more": ("severity_rising", opened(1, "normal", "normal") + opened(50, "high", "high")),
    "half a level is not over": (
        "severity_rising",
        opened(1, "normal", "normal") + opened(50, "urgent", "urgent", "low", "low") + opened(51, "urgent", "urgent"),
    ),
    "twice as many": ("ticket_volume_rising", opened(1, *NORMAL[:15]) + opened(50, *NORMAL[:7])),
    "half as many more is not over": (
        "ticket_volume_rising",
        opened(1, *NORMAL) + opened(50, *NORMAL[:10]) + gone(51, *LEFT) + opened(52, *NORMAL[:3]),
    ),
    "15 points": ("steep_drop", scored(75)),
    "10 points are not over": ("steep_drop", scored(75, 80, 75)),
    "the lowest of the upset": ("tone", upset("happy", "sad", "frustrated")),
    "one upset is not over": ("tone", upset("sad", "sad", "happy", "happy", "sad", "sad")),
}


@pytest.mark.parametrize(("kind", "happened"), EDGES.values(), ids=EDGES)
def test_at_the_edge_of_a_condition_its_alert_goes_out_and_at_the_other_its_episode_lasts(
    kind: str, happened: list[Entry]
) -> None:
    block: dict[str, Any] = {one: {"enabled": False} for one in OF_KIND} | {kind: {"cooldown_hours": 0}}
    log = [published(START, {"version": "m", "components": {"nps": {}}, "alerts": block}, "first")]
    log += [answered(START, "ann", 90), *happened]
    assert [alert.kind for alert in run_oracle(log)["default", "ann"].alerts.told] == [kind]
    assert disagreements(log) == []
