"""`response_time`: how long the contact waits for the first answer to a ticket."""

from typing import Literal

from models.health.components.factor import Factor, Window, window
from models.health.components.windows import began, ended, median, next_to_leave, own_tickets
from models.health.facts.buckets import Bucket
from models.health.facts.sections import CLOCK, HISTORY, TICKETS
from models.health.facts.tickets import NEVER, Ticket
from models.health.state import ContactState, Measured

HOUR_MS = 3_600_000


class ResponseTime(Factor, frozen=True, kw_only=True):
    """Measure: first response time of the tickets opened in the last `window_days` (60) that an agent has answered, in
    hours; `statistic` is their mean or median (a median is that of the listed tickets).

    By default two hours are good and a day is poor. No value without an answered ticket in the window. Source: 004.
    """

    name = "response_time"
    code = 11
    reads = TICKETS | HISTORY | CLOCK

    good: float = 2
    poor: float = 24
    window_days: Window = 60
    statistic: Literal["mean", "median"] = "mean"

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The mean or median; dated by the latest response."""
        since = now - window(self.window_days)
        answered = [ticket for ticket in _answered(state) if ticket.opened_at >= since]
        buckets = [bucket for bucket in self._buckets(state) if began(bucket) >= since]
        waits = [max(0, ticket.responded_at - ticket.opened_at) for ticket in answered]
        count = len(waits) + sum(bucket.responses for bucket in buckets)
        if count == 0:
            return None
        last_at = max([ticket.responded_at for ticket in answered] + [ended(bucket) for bucket in buckets])
        if self.statistic == "median":
            return self.rated(median(waits) / HOUR_MS, count, last_at)
        total = sum(waits) + sum(bucket.response_ms for bucket in buckets)
        return self.rated(total / count / HOUR_MS, count, last_at)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the oldest answered ticket of the window leaves it."""
        times = [ticket.opened_at for ticket in _answered(state)] + [began(bucket) for bucket in self._buckets(state)]
        return next_to_leave(times, window(self.window_days), now)

    def _buckets(self, state: ContactState) -> list[Bucket]:
        return [bucket for bucket in state.buckets if bucket.responses] if self.statistic == "mean" else []


def _answered(state: ContactState) -> list[Ticket]:
    return [ticket for ticket in own_tickets(state) if ticket.responded_at != NEVER]
