"""`ticket_count`: how many tickets were opened lately, or ever."""

from models.health.components.factor import Factor, Window, window
from models.health.components.own_tickets import own_tickets
from models.health.components.windows import next_to_leave, opened_between, times_opened
from models.health.facts.sections import CLOCK, LEFT, TICKET_TIMES
from models.health.state import ContactState, Measured


class TicketCount(Factor, frozen=True, kw_only=True):
    """Measure: tickets opened in the last `window_days` (60), or with null all ever; in tickets.

    By default three in the window are good and ten are poor. A contact that never had a ticket has no value. Source:
    000.
    """

    name = "ticket_count"
    code = 7

    good: float = 3
    poor: float = 10
    window_days: Window | None = 60

    @property
    def reads(self) -> int:
        """All ever do not change by time alone."""
        return TICKET_TIMES | LEFT | (0 if self.window_days is None else CLOCK)

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """Those in the window; dated by the latest opened."""
        opened = own_tickets(state).opened
        if not opened:
            return None
        if self.window_days is None:
            count = len(opened) + (0 if state.totals is None else state.totals.tickets)
        else:
            count = opened_between(state, now - window(self.window_days))
        return self.rated(count, count, opened[-1])

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the oldest ticket of the window leaves it."""
        if self.window_days is None:
            return None
        return next_to_leave(times_opened(state), window(self.window_days), now)
