"""`response_time`: how long the contact waits for the first answer to a ticket."""

from bisect import bisect_left
from typing import Literal

from models.health.components.factor import Factor, Window, window
from models.health.components.own_tickets import own_tickets
from models.health.components.windows import began, ended, median, next_to_leave
from models.health.facts.buckets import Bucket
from models.health.facts.sections import CLOCK, LEFT, TICKET_TIMES
from models.health.state import ContactState, Measured

HOUR_MS = 3_600_000


class ResponseTime(Factor, frozen=True, kw_only=True):
    """Measure: first response time of the tickets opened in the last `window_days` (60) that an agent has answered, in
    hours; `statistic` is their mean or median (a median is that of the listed tickets).

    By default two hours are good and a day is poor. No value without an answered ticket in the window. Source: 004.
    """

    name = "response_time"
    code = 11
    reads = TICKET_TIMES | LEFT | CLOCK

    good: float = 2
    poor: float = 24
    window_days: Window = 60
    statistic: Literal["mean", "median"] = "mean"

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The mean or median; dated by the latest response."""
        since = now - window(self.window_days)
        answered = own_tickets(state).answered
        answered = answered[bisect_left(answered, (since,)) :]
        buckets = [bucket for bucket in self._buckets(state) if began(bucket) >= since]
        waits = [max(0, responded_at - opened_at) for opened_at, responded_at in answered]
        count = len(waits) + sum([bucket.responses for bucket in buckets])
        if count == 0:
            return None
        last_at = max([responded_at for _, responded_at in answered] + [ended(bucket) for bucket in buckets])
        if self.statistic == "median":
            return self.rated(median(waits) / HOUR_MS, count, last_at)
        total = sum(waits) + sum([bucket.response_ms for bucket in buckets])
        return self.rated(total / count / HOUR_MS, count, last_at)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the oldest answered ticket of the window leaves it."""
        times = [opened_at for opened_at, _ in own_tickets(state).answered]
        if state.buckets:
            times = sorted(times + [began(bucket) for bucket in self._buckets(state)])
        return next_to_leave(times, window(self.window_days), now)

    def _buckets(self, state: ContactState) -> list[Bucket]:
        return [bucket for bucket in state.buckets if bucket.responses] if self.statistic == "mean" else []
