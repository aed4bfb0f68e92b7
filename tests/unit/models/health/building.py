"""Short words for facts, and a row to feed them to. Times are days after `START` (2026-03-02, a Monday, 00:00 UTC)."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from models.health.assess import Assessment, assess
from models.health.daily import tick
from models.health.model import DEFAULT_MODEL, HealthModel
from models.health.react import react
from models.health.reaction import Reaction
from models.health.state import ContactState, decode, encode
from schemas.base import AuthorKind, SentimentLabel, SurveyKind, from_milliseconds, to_milliseconds
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
from schemas.signals import ContactFact, Signal
from schemas.surveys import ReviewPosted, SurveyAnswered
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketReplied, TicketSolved, TicketUpdated

DAY = 86_400_000
START = to_milliseconds(datetime(2026, 3, 2, tzinfo=UTC))
CONTACT = "ada"


class Whose(NamedTuple):
    tenant: str = "acme"
    contact: str = CONTACT


def ms(days: float) -> int:
    """Milliseconds of a time in days after `START`."""
    return START + round(days * DAY)


def _event(days: float, event: str | None, more: dict[str, Any], contact: str = CONTACT) -> dict[str, Any]:
    name = event if event is not None else f"e{days}-{sorted(more.items(), key=str)}"[:128]
    return {"event_id": name, "occurred_at": from_milliseconds(ms(days)), "tenant": "acme", "contact": contact, **more}


def message(
    days: float,
    label: SentimentLabel | None = "neutral",
    *,
    author: AuthorKind = "customer",
    event: str | None = None,
    **more: Any,
) -> MessageClassified:
    more = {"message": f"m{days}-{author}", "author": author, "label": label, **more}
    return MessageClassified(**_event(days, event, more))


def corrected(days: float, message: str, label: SentimentLabel, event: str | None = None) -> SentimentCorrected:
    return SentimentCorrected(**_event(days, event, {"message": message, "label": label, "author": "agent-1"}))


def answer(
    days: float,
    value: float,
    kind: SurveyKind = "nps",
    scale: tuple[float, float] = (0, 10),
    event: str | None = None,
    **more: Any,
) -> SurveyAnswered:
    more = {"kind": kind, "value": value, "scale_min": scale[0], "scale_max": scale[1], **more}
    return SurveyAnswered(**_event(days, event, more))


def review(days: float, site: str, value: float, event: str | None = None) -> ReviewPosted:
    return ReviewPosted(**_event(days, event, {"site": site, "value": value, "scale_min": 0, "scale_max": 5}))


def opened(days: float, ticket: str, event: str | None = None, contact: str = CONTACT, **more: Any) -> TicketOpened:
    return TicketOpened(**_event(days, event, {"ticket": ticket, **more}, contact))


def updated(days: float, ticket: str, event: str | None = None, contact: str = CONTACT, **more: Any) -> TicketUpdated:
    return TicketUpdated(**_event(days, event, {"ticket": ticket, **more}, contact))


def replied(days: float, ticket: str, author: AuthorKind, event: str | None = None, **more: Any) -> TicketReplied:
    return TicketReplied(**_event(days, event, {"ticket": ticket, "author": author, **more}))


def solved(days: float, ticket: str, event: str | None = None) -> TicketSolved:
    return TicketSolved(**_event(days, event, {"ticket": ticket}))


def reopened(days: float, ticket: str, event: str | None = None, **more: Any) -> TicketReopened:
    return TicketReopened(**_event(days, event, {"ticket": ticket, **more}))


def closed(days: float, ticket: str, event: str | None = None) -> TicketClosed:
    return TicketClosed(**_event(days, event, {"ticket": ticket}))


def profile(days: float, event: str | None = None, **more: Any) -> ContactUpdated:
    return ContactUpdated(**_event(days, event, more))


def override(days: float, band: str, event: str | None = None, **more: Any) -> OverrideSet:
    return OverrideSet(**_event(days, event, {"band": band, "reason": "we know better", "author": "carol", **more}))


def cleared(days: float, event: str | None = None) -> OverrideCleared:
    return OverrideCleared(**_event(days, event, {"author": "carol"}))


def erased(days: float, event: str | None = None) -> ContactErased:
    return ContactErased(**_event(days, event, {}))


def restored(days: float, event: str | None = None) -> ContactRestored:
    return ContactRestored(**_event(days, event, {}))


def merged(days: float, into: str, event: str | None = None) -> ContactMerged:
    return ContactMerged(**_event(days, event, {"into": into}))


class Row:
    """A contact's row, stored and read again after each step, as the worker does."""

    def __init__(self, *facts: ContactFact, model: HealthModel = DEFAULT_MODEL) -> None:
        self.model = model
        self.state: ContactState | None = None
        for fact in facts:
            self.feed(fact)

    def feed(self, fact: ContactFact, at: float | None = None) -> Reaction:
        """The fact is logged at `at` days, or when it occurred."""
        logged = to_milliseconds(fact.occurred_at) if at is None else ms(at)
        now = max(logged, 0 if self.state is None else self.state.now)
        state, reaction = react(self.state, Whose(), Signal(at=logged, fact=fact), now, self.model)
        self.state = decode(encode(state))
        return reaction

    def tick(self, days: float) -> Reaction:
        """The daily recompute."""
        day = from_milliseconds(ms(days)).toordinal()
        reaction = tick(self.facts, Whose(), day, ms(days), self.mine, "live")
        self.state = decode(encode(self.facts))
        return reaction

    @property
    def facts(self) -> ContactState:
        assert self.state is not None
        return self.state

    @property
    def mine(self) -> HealthModel:
        """The model as it is for this contact."""
        return self.model.of(self.facts.profile)

    def at(self, days: float) -> Assessment:
        """The score at a time, from the facts."""
        assessed = assess(self.facts, self.mine, ms(days))
        assert assessed is not None
        return assessed

    def value(self, component: int, days: float) -> float | None:
        """A component's value at a time, by its code."""
        for one in self.at(days).components:
            if one is not None and one.code == component:
                return one.value
        return None
