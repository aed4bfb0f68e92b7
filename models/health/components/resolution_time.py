"""`resolution_time`: how long it takes to solve the contact's tickets."""

from bisect import bisect_left

from models.health.components.factor import Factor, Window, window
from models.health.components.own_tickets import own_tickets
from models.health.components.windows import median, next_to_leave
from models.health.facts.sections import CLOCK, TICKET_TIMES, TICKETS
from models.health.state import ContactState, Measured

HOUR_MS = 3_600_000


class ResolutionTime(Factor, frozen=True, kw_only=True):
    """Measure: median time from opening to solving of the listed tickets solved in the last `window_days` (60), in
    hours. A ticket that was opened again is not solved.

    By default a day is good and a week is poor. No value without a solved ticket in the window. Source: 003.
    """

    name = "resolution_time"
    code = 12
    reads = TICKETS | TICKET_TIMES | CLOCK

    good: float = 24
    poor: float = 168
    window_days: Window = 60

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The median; dated by the latest solved."""
        since = now - window(self.window_days)
        solved = own_tickets(state).solved
        solved = solved[bisect_left(solved, (since,)) :]
        if not solved:
            return None
        return self.rated(median([took for _, took in solved]) / HOUR_MS, len(solved), solved[-1][0])

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the ticket of the window that was solved first leaves it."""
        times = [solved_at for solved_at, _ in own_tickets(state).solved]
        return next_to_leave(times, window(self.window_days), now)
