"""`severity`: how severe the contact's tickets are."""

from functools import lru_cache
from typing import NamedTuple

from models.health.components.factor import Factor, Window, window
from models.health.components.windows import EVER, SHARED, began, ended, next_to_leave, unpacked
from models.health.facts.sections import CLOCK, HISTORY, TICKETS
from models.health.state import ContactState, Measured


class Severities(NamedTuple):
    """How many tickets have a severity, the sum of their levels, and when the latest was opened."""

    tickets: int
    levels: int
    last_at: int


def severities(state: ContactState, since: int, before: int = EVER) -> Severities:
    """The severities of the tickets opened from `since` on and before another time."""
    count = levels = last_at = 0
    for bucket in state.buckets:
        if bucket.severities and since <= began(bucket) < before:
            count, levels, last_at = count + bucket.severities, levels + bucket.severity_sum, ended(bucket)
    for opened_at, level in _listed(tuple(state.tickets)):
        if since <= opened_at < before:
            count, levels = count + 1, levels + level
            if opened_at > last_at:
                last_at = opened_at
    return Severities(count, levels, last_at)


def times_of_severities(state: ContactState) -> list[int]:
    """The times that windows of severities count by."""
    times = [opened_at for opened_at, _ in _listed(tuple(state.tickets))]
    return times + [began(bucket) for bucket in state.buckets if bucket.severities]


@lru_cache(maxsize=SHARED)
def _listed(packed: tuple[bytes, ...]) -> tuple[tuple[int, int], ...]:
    """When each ticket whose severity is known was opened, and its level."""
    known = [(ticket.opened_at, ticket.severity_level) for ticket in unpacked(packed)]
    return tuple((opened_at, level) for opened_at, level in known if level is not None)


class Severity(Factor, frozen=True, kw_only=True):
    """Measure: mean severity of the tickets opened in the last `window_days` (60): low 0, normal 1, high 2, urgent 3.

    By default normal (1) is good and half urgent, half high (2.5) is poor. No value without a ticket in the window
    whose severity is known. Sources: 001, 003.
    """

    name = "severity"
    code = 9
    reads = TICKETS | HISTORY | CLOCK

    good: float = 1
    poor: float = 2.5
    window_days: Window = 60

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The mean of the window; dated by the latest opened."""
        known = severities(state, now - window(self.window_days))
        return self.rated(known.levels / known.tickets, known.tickets, known.last_at) if known.tickets else None

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the oldest ticket of the window leaves it."""
        return next_to_leave(times_of_severities(state), window(self.window_days), now)
