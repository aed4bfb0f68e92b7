"""`open_tickets`: how many tickets are open now."""

from models.health.components.factor import Factor
from models.health.components.own_tickets import own_tickets
from models.health.facts.sections import LEFT, TICKET_TIMES, TICKETS
from models.health.state import ContactState, Measured


class OpenTickets(Factor, frozen=True, kw_only=True):
    """Measure: the contact's tickets that are open, pending or on hold; a gauge, in tickets.

    By default one open ticket is good and five are poor: a desk's ordinary work is no worry. A contact that never had a
    ticket has no value. Source: 000.
    """

    name = "open_tickets"
    code = 6
    reads = TICKETS | TICKET_TIMES | LEFT

    good: float = 1
    poor: float = 5

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """Those listed and those beyond the list; dated by the latest change of a status."""
        tickets = own_tickets(state).all
        if not tickets:
            return None
        beyond = 0 if state.totals is None else state.totals.open_beyond
        count = sum([ticket.is_open for ticket in tickets]) + beyond
        return self.rated(count, len(tickets) + beyond, max([ticket.status_at for ticket in tickets]))
