"""`severity_trend`: whether the contact's tickets get more severe."""

from models.health.components.factor import Factor, window
from models.health.components.severity import severities, times_of_severities
from models.health.components.windows import earliest, next_to_leave
from models.health.facts.sections import CLOCK, LEFT, TICKET_TIMES, TICKETS
from models.health.state import ContactState, Measured

RECENT_DAYS = 14
HISTORY_DAYS = 60


class SeverityTrend(Factor, frozen=True, kw_only=True):
    """Measure: mean severity of the tickets of the last 14 days less that of the 60 days before, in levels.

    By default no rise (0) is good and one level more is poor. No value unless both have a ticket whose severity is
    known. Source: 003.
    """

    name = "severity_trend"
    code = 10
    reads = TICKETS | TICKET_TIMES | LEFT | CLOCK

    good: float = 0
    poor: float = 1

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The difference of the means; dated by the latest opened."""
        recent_from = now - window(RECENT_DAYS)
        recent = severities(state, recent_from)
        before = severities(state, recent_from - window(HISTORY_DAYS), recent_from)
        if not recent.tickets or not before.tickets:
            return None
        rise = recent.levels / recent.tickets - before.levels / before.tickets
        return self.rated(rise, recent.tickets + before.tickets, recent.last_at)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When a ticket becomes history, or leaves it."""
        times = times_of_severities(state)
        recent = window(RECENT_DAYS)
        return earliest(next_to_leave(times, recent, now), next_to_leave(times, recent + window(HISTORY_DAYS), now))
