"""`severity`: how severe the contact's tickets are."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from models.health.components.factor import Factor, Window, window
from models.health.components.own_tickets import own_tickets
from models.health.components.windows import EVER, began, ended, next_to_leave
from models.health.facts.sections import CLOCK, LEFT, TICKET_TIMES, TICKETS
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
    times, sums = own_tickets(state).severities
    first, end = bisect_left(times, since), bisect_left(times, before)
    if first < end:
        count, levels = count + end - first, levels + sums[end] - sums[first]
        last_at = max(last_at, times[end - 1])
    return Severities(count, levels, last_at)


def times_of_severities(state: ContactState) -> Sequence[int]:
    """The times that windows of severities count by, in order."""
    times, _ = own_tickets(state).severities
    if not state.buckets:
        return times
    return sorted([*times, *(began(bucket) for bucket in state.buckets if bucket.severities)])


class Severity(Factor, frozen=True, kw_only=True):
    """Measure: mean severity of the tickets opened in the last `window_days` (60): low 0, normal 1, high 2, urgent 3.

    By default normal (1) is good and half urgent, half high (2.5) is poor. No value without a ticket in the window
    whose severity is known. Sources: 001, 003.
    """

    name = "severity"
    code = 9
    reads = TICKETS | TICKET_TIMES | LEFT | CLOCK

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
