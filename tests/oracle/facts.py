"""All that is known of a contact, whole: nothing is packed, cut or forgotten but where the specification says so.

Written from the specification alone, in the plainest way that comes to mind. It shares no code with `stream` or
`models.health`: what both get right was thought out twice.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from hashlib import blake2b
from typing import Any, TypeVar

from schemas.base import Event
from schemas.control import OverrideCleared, OverrideSet, SentimentCorrected
from schemas.messages import MessageClassified
from schemas.profiles import ContactUpdated
from schemas.signals import ContactFact
from schemas.surveys import ReviewPosted, SurveyAnswered
from schemas.tickets import (
    TicketClosed,
    TicketEvent,
    TicketOpened,
    TicketReopened,
    TicketReplied,
    TicketSolved,
    TicketUpdated,
)

T = TypeVar("T")
EventT = TypeVar("EventT", bound=Event)

DAY = 86_400_000
LATEST_MESSAGES = 64
OPEN_TICKETS = 200
OTHER_TICKETS = 50
LATEST_ANSWERS = 30
REVIEW_SITES = 16

LABEL_VALUE = {"negative": Fraction(0), "neutral": Fraction(1, 2), "positive": Fraction(1)}
LABELS = (None, "negative", "neutral", "positive")
TONES = ("frustrated", "sad", "grateful", "happy", "confused")
AUTHORS = ("customer", "agent", "bot", "system")
SEVERITIES = ("low", "normal", "high", "urgent")
FURTHER_ALONG = ("open", "pending", "on_hold", "solved", "closed")


def milliseconds(time: datetime) -> int:
    """UTC milliseconds since 1970."""
    return round(time.timestamp() * 1000)


def when(fact: Event) -> int:
    """The time at which a fact occurred."""
    return milliseconds(fact.occurred_at)


def id_hash(name: str) -> bytes:
    """The 64-bit hash by which messages of equal times are ordered."""
    return blake2b(name.encode(), digest_size=8).digest()


def exact(value: float) -> Fraction:
    """The number that was written, not its nearest binary fraction."""
    return Fraction(str(value))


@dataclass
class Ticket:
    """What is known of a ticket: the latest word on whose it is, and on its status."""

    heard_at: int = -1
    here: bool = False
    status_at: int = -1
    status: str | None = None
    severity_at: int = -1
    severity: str | None = None
    opened_at: int | None = None
    solved_at: int = -1
    answered_at: int | None = None
    reopenings: frozenset[str] = frozenset()

    def hear(self, at: int, here: bool) -> None:
        """A fact of `at` says whose the ticket is; at equal times the one that says it has gone counts."""
        if at > self.heard_at or (at == self.heard_at and not here):
            self.heard_at, self.here = at, here

    def become(self, at: int, status: str) -> None:
        """The status at `at`; at equal times the one further along counts."""
        if at > self.status_at or (
            at == self.status_at and FURTHER_ALONG.index(status) > FURTHER_ALONG.index(str(self.status))
        ):
            self.status_at, self.status = at, status

    def weigh(self, at: int, severity: str) -> None:
        """The severity at `at`; at equal times the worse one counts."""
        if at > self.severity_at or (
            at == self.severity_at and SEVERITIES.index(severity) > SEVERITIES.index(str(self.severity))
        ):
            self.severity_at, self.severity = at, severity

    def open_by(self, at: int) -> None:
        """It was there at `at`: the earliest such time is when it was opened."""
        self.opened_at = at if self.opened_at is None else min(self.opened_at, at)

    def answer_by(self, at: int) -> None:
        """An agent had answered at `at`."""
        self.answered_at = at if self.answered_at is None else min(self.answered_at, at)

    @property
    def is_open(self) -> bool:
        """Whether it is this contact's, and the latest word is that it is open."""
        return self.here and self.status in ("open", "pending", "on_hold")

    @property
    def is_settled(self) -> bool:
        """Whether the latest word is that it is solved or closed."""
        return self.status in ("solved", "closed")


@dataclass
class Facts:
    """The facts of one contact: of each message, answer, site, ticket the latest word.

    Tickets are the only ones that are forgotten here as in a row. Of messages and answers a row keeps the latest, so
    what it forgets cannot matter again; but a ticket may leave the 50 others by being reopened, and the 51st is gone.
    """

    contact: str
    messages: dict[str, MessageClassified] = field(default_factory=dict)
    corrections: dict[str, SentimentCorrected] = field(default_factory=dict)
    answers: dict[str, SurveyAnswered] = field(default_factory=dict)
    reviews: dict[str, ReviewPosted] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    activity: list[int] = field(default_factory=list)
    profile: ContactUpdated | None = None
    override: OverrideSet | OverrideCleared | None = None
    tickets_left_until: int = -1
    tickets_left: list[tuple[int, str | None]] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)

    def add(self, fact: ContactFact) -> None:
        """Take in a fact (erasure, restoration and merging are the contact's business)."""
        self.known.clear()
        if self._is_activity(fact):
            self.activity.append(when(fact))
        match fact:
            case MessageClassified():
                self._add_message(fact)
            case SentimentCorrected():
                self.corrections[fact.message] = later(self.corrections.get(fact.message), fact)
            case SurveyAnswered():
                name = fact.answer or fact.event_id
                self.answers[name] = later(self.answers.get(name), fact)
            case ReviewPosted():
                self.reviews[fact.site] = later(self.reviews.get(fact.site), fact)
            case ContactUpdated():
                self.profile = later(self.profile, fact)
            case OverrideSet() | OverrideCleared():
                self.override = later(self.override, fact)
            case TicketEvent():
                self._add_ticket(fact)

    def _is_activity(self, fact: ContactFact) -> bool:
        match fact:
            case MessageClassified():
                return fact.author == "customer"
            case SurveyAnswered() | ReviewPosted():
                return True
            case TicketOpened():
                return fact.opened_by == "customer" and fact.contact == self.contact
            case TicketReopened():
                return fact.reopened_by == "customer" and fact.contact == self.contact
            case TicketReplied():
                return fact.author == "customer" and fact.contact == self.contact
        return False

    def _add_message(self, fact: MessageClassified) -> None:
        known = self.messages.get(fact.message)
        if known is None or (when(fact), reading(fact)) > (when(known), reading(known)):
            self.messages[fact.message] = fact

    def _add_ticket(self, fact: TicketEvent) -> None:
        at = milliseconds(fact.occurred_at)
        if fact.ticket not in self.tickets and at <= self.tickets_left_until:
            return
        known = fact.ticket in self.tickets
        ticket = self.tickets.setdefault(fact.ticket, Ticket())
        ticket.hear(at, here=fact.contact == self.contact)
        ticket.open_by(at)
        match fact:
            case TicketOpened():
                ticket.become(at, "open")
            case TicketReopened():
                ticket.become(at, "open")
                ticket.reopenings |= {fact.event_id}
            case TicketReplied(author="agent"):
                ticket.answer_by(at)
            case TicketSolved():
                ticket.become(at, "solved")
                ticket.solved_at = max(ticket.solved_at, at)
            case TicketClosed():
                ticket.become(at, "closed")
            case TicketUpdated():
                self._update_ticket(ticket, fact, at)
        if isinstance(fact, TicketOpened | TicketUpdated) and fact.severity is not None:
            ticket.weigh(at, fact.severity)
        for name in self._tickets_beyond():
            left = self.tickets.pop(name)
            self.tickets_left_until = max(self.tickets_left_until, left.heard_at)
            if left.here and (known or name != fact.ticket):  # one that leaves as it comes is taken for one that left
                self.tickets_left.append((int(left.opened_at or 0) // DAY * DAY, left.severity))

    def _update_ticket(self, ticket: Ticket, fact: TicketUpdated, at: int) -> None:
        if fact.status is not None:
            ticket.become(at, fact.status)
        if fact.opened_at is not None:
            ticket.open_by(milliseconds(fact.opened_at))
        if fact.first_responded_at is not None:
            ticket.answer_by(milliseconds(fact.first_responded_at))
        solved = [at] if fact.status == "solved" else []
        solved += [milliseconds(fact.solved_at)] if fact.solved_at is not None else []
        ticket.solved_at = max(ticket.solved_at, *solved, -1)

    def own_tickets(self) -> list[Ticket]:
        """The listed tickets that are this contact's."""
        return [ticket for ticket in self.tickets.values() if ticket.here]

    def times_opened(self) -> list[tuple[int, str | None]]:
        """When each ticket of the contact was opened (of those that left the list the beginning of that day), and how
        severe it is.
        """
        return self.tickets_left + [(int(one.opened_at or 0), one.severity) for one in self.own_tickets()]

    def _tickets_beyond(self) -> list[str]:
        """Tickets that there is no room for."""
        names = sorted(self.tickets, key=lambda name: (self.tickets[name].heard_at, id_hash(name)), reverse=True)
        open_ones = [name for name in names if self.tickets[name].is_open]
        others = [name for name in names if not self.tickets[name].is_open]
        return open_ones[OPEN_TICKETS:] + others[OTHER_TICKETS:]

    def once(self, name: str, compute: Callable[[], T]) -> T:
        """What does not change between two facts need not be computed at each of the thousand days between them."""
        if name not in self.known:
            self.known[name] = compute()
        value: T = self.known[name]
        return value

    def last_activity(self) -> int | None:
        """When the contact last did something."""
        return self.once("activity", lambda: max(self.activity, default=None))

    def latest_messages(self) -> list[MessageClassified]:
        """The 64 latest of both sides, latest first."""
        return sorted(self.messages.values(), key=lambda fact: (when(fact), id_hash(fact.message)), reverse=True)[
            :LATEST_MESSAGES
        ]

    def label(self, fact: MessageClassified) -> str | None:
        """How a message reads: as a person said, else as the classifier did."""
        correction = self.corrections.get(fact.message)
        return fact.label if correction is None else correction.label

    def ordered_answers(self) -> list[SurveyAnswered]:
        """All answers, latest first."""
        return sorted(self.answers.values(), key=lambda fact: (when(fact), fact.event_id), reverse=True)

    def count(self) -> int:
        """How many facts stand behind a score: customer messages, answers, tickets, reviews that are kept."""
        messages = sum(fact.author == "customer" for fact in self.latest_messages())
        answers = self.ordered_answers()
        kept_answers = {fact.event_id for fact in answers[:LATEST_ANSWERS]}
        for kind in ("nps", "csat", "star", "thumbs", "ces"):
            kept_answers |= {fact.event_id for fact in [fact for fact in answers if fact.kind == kind][:1]}
        here = sum(ticket.here for ticket in self.tickets.values())
        return messages + len(kept_answers) + here + min(len(self.reviews), REVIEW_SITES)


def reading(fact: MessageClassified) -> tuple[int, int, list[int], int]:
    """What decides between two facts of the same time about one message: author, label, tones, confidence."""
    if fact.author != "customer":
        return AUTHORS.index(fact.author), 0, [], 0
    tones = sorted({TONES.index(tone) for tone in fact.tones}, reverse=True)
    return 0, LABELS.index(fact.label), tones, round((fact.confidence or 0) * 255)


def later(known: EventT | None, fact: EventT) -> EventT:
    """The one that occurred later; at equal times the one with the greater event id."""
    if known is None or (when(fact), fact.event_id) > (when(known), known.event_id):
        return fact
    return known
