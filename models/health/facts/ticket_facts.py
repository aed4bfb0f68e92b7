"""What each ticket fact says of a ticket, and whether it is the contact's own doing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from models.health.facts import activity as active
from models.health.facts.buckets import Totals, count_ticket
from models.health.facts.ids import id_bytes, reference
from models.health.facts.sections import (
    HISTORY,
    LEFT,
    NOTHING,
    REPLIES,
    TICKET_COUNT,
    TICKET_TIMES,
    TICKETS,
)
from models.health.facts.tickets import (
    AGENT_REPLY,
    BOT_REPLY,
    CUSTOMER_REPLY,
    KEPT_OTHERS,
    NEVER,
    REOPENING,
    Ticket,
    add_customer_reply,
    find_ticket,
    packed_is_here,
    packed_times,
    shorten,
    with_ticket,
)
from models.health.state import ContactState
from schemas.base import AuthorKind, to_milliseconds
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketReplied, TicketSolved, TicketUpdated

TicketFact = TicketOpened | TicketUpdated | TicketReplied | TicketSolved | TicketReopened | TicketClosed
TICKET_FACTS = (TicketOpened, TicketUpdated, TicketReplied, TicketSolved, TicketReopened, TicketClosed)

_REPLIES: dict[AuthorKind, int] = {"customer": CUSTOMER_REPLY, "agent": AGENT_REPLY, "bot": BOT_REPLY}


def fold_ticket(state: ContactState, fact: TicketFact, at: int, contact: str, now: int) -> int:
    """Fold a ticket fact that occurred at `at`. Returns the sections that changed.

    A fact that names another contact says that the ticket is no longer this one's. One that is older than what left
    the list, about a ticket that is not in it, says nothing of the ticket.
    """
    here = fact.contact == contact or fact.contact in state.absorbed
    changed = _note_activity(state, fact, at) if here else NOTHING
    ticket_id = id_bytes(fact.ticket)
    position, known = find_ticket(state.tickets, ticket_id)
    if not known and state.totals is not None and at <= state.totals.tickets_until:
        return changed
    ticket = Ticket.unpack(state.tickets[position]) if known else Ticket(int.from_bytes(ticket_id))
    ticket.set_owner(here, at)
    ticket.opened_by(at)
    kind = type(fact)
    _FOLDS[kind](ticket, fact, at)
    return changed | _keep(state, ticket, position, known, now, REPLIES if kind is TicketReplied else TICKETS)


def fold_message_of_ticket(
    state: ContactState, author: AuthorKind, message: int, ticket_name: str, at: int, now: int
) -> tuple[int, int]:
    """A message (its reference) of a ticket is a reply. Returns the sections that changed, and the ticket's reference.

    It does not say whose the ticket is: of a ticket that no other fact has given to this contact, only the replies
    are known.
    """
    ticket_id = id_bytes(ticket_name)
    position, known = find_ticket(state.tickets, ticket_id)
    number = int.from_bytes(ticket_id[:4])
    if known and author == "customer":
        packed = add_customer_reply(state.tickets[position], message)
        if packed == state.tickets[position]:
            return NOTHING, number
        state.tickets = with_ticket(state.tickets, position, packed, known)
        return HISTORY | REPLIES, number
    ticket = Ticket.unpack(state.tickets[position]) if known else Ticket(int.from_bytes(ticket_id))
    _reply(ticket, author, message, at)
    return _keep(state, ticket, position, known, now, REPLIES), number


def _note_activity(state: ContactState, fact: TicketFact, at: int) -> int:
    if isinstance(fact, TicketReplied):
        if fact.author == "customer":
            return active.note_customer_reply(state.activity, at)
        return active.note_agent_reply(state.activity, at) if fact.author == "agent" else NOTHING
    if isinstance(fact, TicketOpened):
        return active.note_activity(state.activity, at) if fact.opened_by == "customer" else NOTHING
    if isinstance(fact, TicketReopened) and fact.reopened_by == "customer":
        return active.note_activity(state.activity, at)
    return NOTHING


def _opened(ticket: Ticket, fact: TicketOpened, at: int) -> None:
    ticket.set_status("open", at)
    ticket.set_severity(fact.severity, at)


def _replied(ticket: Ticket, fact: TicketReplied, at: int) -> None:
    _reply(ticket, fact.author, reference(fact.event_id if fact.message is None else fact.message), at)


def _solved(ticket: Ticket, fact: TicketSolved, at: int) -> None:
    ticket.set_status("solved", at)


def _reopened(ticket: Ticket, fact: TicketReopened, at: int) -> None:
    ticket.set_status("open", at)
    ticket.add_entry(reference(fact.event_id), REOPENING)


def _closed(ticket: Ticket, fact: TicketClosed, at: int) -> None:
    ticket.set_status("closed", at)


def _update(ticket: Ticket, fact: TicketUpdated, at: int) -> None:
    if fact.severity is not None:
        ticket.set_severity(fact.severity, at)
    if fact.status is not None:
        ticket.set_status(fact.status, at)
    if fact.opened_at is not None:
        ticket.opened_by(_time(fact.opened_at))
    if fact.first_responded_at is not None:
        ticket.responded_by(_time(fact.first_responded_at))
    if fact.solved_at is not None:
        ticket.solved_at = max(ticket.solved_at, _time(fact.solved_at))


def _reply(ticket: Ticket, author: AuthorKind, reply: int, at: int) -> None:
    kind = _REPLIES.get(author)
    if kind is None:
        return
    ticket.add_entry(reply, kind)
    if kind == AGENT_REPLY:
        ticket.responded_by(at)


def _keep(state: ContactState, ticket: Ticket, position: int, known: bool, now: int, changed: int) -> int:
    """Put a ticket into its place; `changed` is what its fact can have changed of a ticket that was known."""
    packed = ticket.pack()
    if not known:
        changed |= TICKETS | TICKET_COUNT | TICKET_TIMES
    elif packed == state.tickets[position]:
        return NOTHING
    else:
        before = state.tickets[position]
        if packed_times(packed) != packed_times(before):
            changed |= TICKET_TIMES
            if packed_is_here(packed) != packed_is_here(before):
                changed |= TICKET_COUNT
    state.tickets = with_ticket(state.tickets, position, packed, known)
    if len(state.tickets) <= KEPT_OTHERS:
        return changed
    return _make_room(state, ticket, known, now)


def _make_room(state: ContactState, ticket: Ticket, known: bool, now: int) -> int:
    """Count what the list has no room for. A ticket unknown until now and longest unheard of changes nothing: it was
    counted.
    """
    totals = state.totals if state.totals is not None else Totals()
    if not known and ticket.is_settled and totals.open_beyond > 0:
        totals.open_beyond -= 1
    state.tickets, left = shorten(state.tickets)
    for other in left:
        state.totals = totals
        totals.tickets_until = max(totals.tickets_until, other.heard_at)
        if known or other.id != ticket.id:
            count_ticket(state.buckets, totals, other, now)
    # A ticket that leaves at once still says how many there are beyond the list.
    if not known and any(other.id == ticket.id for other in left):
        return LEFT
    return TICKETS | TICKET_COUNT | TICKET_TIMES | REPLIES


def _time(time: datetime) -> int:
    return max(NEVER, to_milliseconds(time))


_FOLDS: dict[type, Callable[[Ticket, Any, int], None]] = {
    TicketOpened: _opened,
    TicketReplied: _replied,
    TicketUpdated: _update,
    TicketSolved: _solved,
    TicketReopened: _reopened,
    TicketClosed: _closed,
}
