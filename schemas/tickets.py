"""Events of `support.tickets`."""

from schemas.base import AuthorKind, ContactEvent, Name, Severity, SubjectId, TicketStatus, UtcTime


class TicketEvent(ContactEvent, frozen=True, kw_only=True, gc=False):
    """An event of one ticket. `contact` is the ticket's requester at `occurred_at`: the latest one owns the ticket."""

    ticket: SubjectId


class TicketOpened(TicketEvent, frozen=True, kw_only=True, gc=False, tag="ticket.opened"):
    """A ticket came to be: by its customer, whose activity it then is, unless `opened_by` says otherwise."""

    severity: Severity = "normal"
    opened_by: AuthorKind = "customer"
    channel: Name | None = None


class TicketUpdated(TicketEvent, frozen=True, kw_only=True, gc=False, tag="ticket.updated"):
    """What is known of a ticket now; a field left out says nothing.

    `previous_contact` names the requester that the ticket leaves. An update that moves a ticket, or is the first that
    is heard of it, may carry the times that the new owner's row does not know.
    """

    severity: Severity | None = None
    status: TicketStatus | None = None
    previous_contact: SubjectId | None = None
    opened_at: UtcTime | None = None
    first_responded_at: UtcTime | None = None
    solved_at: UtcTime | None = None


class TicketReplied(TicketEvent, frozen=True, kw_only=True, gc=False, tag="ticket.replied"):
    """A reply on a ticket without its text. The first agent's reply is the first response.

    A source that also sends the reply as a message gives that message's id, so that it counts once.
    """

    author: AuthorKind
    message: SubjectId | None = None


class TicketSolved(TicketEvent, frozen=True, kw_only=True, gc=False, tag="ticket.solved"):
    """A ticket was solved."""


class TicketReopened(TicketEvent, frozen=True, kw_only=True, gc=False, tag="ticket.reopened"):
    """A solved or closed ticket is open again; the customer's activity unless `reopened_by` says otherwise."""

    reopened_by: AuthorKind = "customer"


class TicketClosed(TicketEvent, frozen=True, kw_only=True, gc=False, tag="ticket.closed"):
    """A ticket was closed, solved or not."""


SupportTicket = TicketOpened | TicketUpdated | TicketReplied | TicketSolved | TicketReopened | TicketClosed
