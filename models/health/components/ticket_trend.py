"""`ticket_trend`: whether the contact opens more tickets than it used to."""

from typing import Annotated

import msgspec

from models.health.components.factor import Factor, window
from models.health.components.own_tickets import own_tickets
from models.health.components.windows import earliest, next_to_leave, opened_between, times_opened
from models.health.facts.sections import CLOCK, LEFT, TICKET_TIMES
from models.health.state import ContactState, Measured

RECENT_DAYS = 14
HISTORY_DAYS = 60


class TicketTrend(Factor, frozen=True, kw_only=True):
    """Measure: tickets per day of the last 14 days, as a multiple of the contact's own rate over the 60 days before.

    By default its usual rate (1) or less is good and three times as many are poor. No value below `min_history` (3)
    tickets in the 60 days. Source: 003.
    """

    name = "ticket_trend"
    code = 8
    reads = TICKET_TIMES | LEFT | CLOCK

    good: float = 1
    poor: float = 3
    min_history: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 3

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The rate of the recent days over the rate before; dated by the latest ticket."""
        recent_from = now - window(RECENT_DAYS)
        before = opened_between(state, recent_from - window(HISTORY_DAYS), recent_from)
        if before < self.min_history:
            return None
        recent = opened_between(state, recent_from)
        ratio = recent * HISTORY_DAYS / (before * RECENT_DAYS)
        opened = own_tickets(state).opened
        return self.rated(ratio, recent + before, opened[-1] if opened else recent_from)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When a ticket becomes history, or leaves it."""
        times = times_opened(state)
        recent = window(RECENT_DAYS)
        return earliest(next_to_leave(times, recent, now), next_to_leave(times, recent + window(HISTORY_DAYS), now))
