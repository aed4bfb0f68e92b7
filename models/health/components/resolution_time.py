"""`resolution_time`: how long it takes to solve the contact's tickets."""

from models.health.components.factor import Factor, Window, window
from models.health.components.windows import median, next_to_leave, own_tickets
from models.health.facts.sections import CLOCK, HISTORY, TICKETS
from models.health.facts.tickets import NEVER, Ticket
from models.health.state import ContactState, Measured

HOUR_MS = 3_600_000


class ResolutionTime(Factor, frozen=True, kw_only=True):
    """Measure: median time from opening to solving of the listed tickets solved in the last `window_days` (60), in
    hours. A ticket that was opened again is not solved.

    By default a day is good and a week is poor. No value without a solved ticket in the window. Source: 003.
    """

    name = "resolution_time"
    code = 12
    reads = TICKETS | HISTORY | CLOCK

    good: float = 24
    poor: float = 168
    window_days: Window = 60

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The median; dated by the latest solved."""
        since = now - window(self.window_days)
        solved = [ticket for ticket in _solved(state) if ticket.solved_at >= since]
        if not solved:
            return None
        middle = median(max(0, ticket.solved_at - ticket.opened_at) for ticket in solved)
        return self.rated(middle / HOUR_MS, len(solved), max(ticket.solved_at for ticket in solved))

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the ticket of the window that was solved first leaves it."""
        return next_to_leave([ticket.solved_at for ticket in _solved(state)], window(self.window_days), now)


def _solved(state: ContactState) -> list[Ticket]:
    return [ticket for ticket in own_tickets(state) if ticket.solved_at != NEVER and not ticket.is_open]
