"""`interactions_per_ticket`: how much writing a ticket takes."""

from models.health.components.factor import Factor, Window, window
from models.health.components.kept_messages import kept_messages
from models.health.components.own_tickets import own_tickets
from models.health.components.windows import began, ended, next_to_leave
from models.health.facts.sections import CLOCK, HISTORY, LEFT, MESSAGES, REPLIES, TICKET_TIMES, TICKETS
from models.health.state import ContactState, Measured


class InteractionsPerTicket(Factor, frozen=True, kw_only=True):
    """Measure: messages of both sides per ticket, the average over the tickets touched in the last `window_days` (60).
    Of a ticket 48 are counted at most. A ticket that left the row's list counts by the day it was opened.

    By default four are good and twelve are poor. No value while not one message of these tickets is known. Source: 000.
    """

    name = "interactions_per_ticket"
    code = 18
    reads = TICKETS | TICKET_TIMES | REPLIES | LEFT | MESSAGES | HISTORY | CLOCK

    good: float = 4
    poor: float = 12
    window_days: Window = 60

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The average; dated by the last touch."""
        since = now - window(self.window_days)
        tickets = interactions = last_at = 0
        for at, messages in _touched(state):
            if at >= since:
                tickets, interactions, last_at = tickets + 1, interactions + messages, max(last_at, at)
        for bucket in state.buckets:
            if bucket.tickets and began(bucket) >= since:
                tickets, interactions = tickets + bucket.tickets, interactions + bucket.replies
                last_at = max(last_at, ended(bucket))
        return self.rated(interactions / tickets, interactions, last_at) if interactions else None

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the ticket of the window that was touched first leaves it."""
        times = [at for at, _ in _touched(state)] + [began(bucket) for bucket in state.buckets if bucket.tickets]
        return next_to_leave(sorted(times), window(self.window_days), now)


def _touched(state: ContactState) -> list[tuple[int, int]]:
    """When each listed ticket was last touched, and the number of its messages."""
    written = kept_messages(state).by_ticket.get
    return [(max(heard_at, written(ticket, 0)), messages) for ticket, heard_at, messages in own_tickets(state).heard]
