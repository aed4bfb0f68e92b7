"""`ticket_volume_rising`: a contact opens more tickets than it used to."""

from typing import Annotated

import msgspec

from models.health.alerts.rule import BETWEEN, CLEAR, HOLDS, AlertRule
from models.health.components.ticket_trend import HISTORY_DAYS, RECENT_DAYS
from models.health.components.windows import opened_between
from models.health.facts.messages import DAY_MS
from models.health.facts.sections import TICKET_COUNT
from models.health.state import ContactState

Ratio = Annotated[float, msgspec.Meta(ge=1, le=1000)]
Tickets = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class TicketVolumeRising(AlertRule, frozen=True, kw_only=True):
    """Raised when the last 14 days have `ratio` (2) times the contact's own rate of the 60 days before, and at least
    `min_recent` (3) tickets, where those days had `min_history` (3); armed again below `rearm_ratio` (1.5).
    Source: 003.
    """

    name = "ticket_volume_rising"
    code = 4
    reads = TICKET_COUNT

    ratio: Ratio = 2
    rearm_ratio: Ratio = 1.5
    min_recent: Tickets = 3
    min_history: Tickets = 3
    cooldown_hours: Annotated[float, msgspec.Meta(ge=0, le=2_160)] = 168

    def __post_init__(self) -> None:
        if self.rearm_ratio >= self.ratio:
            raise ValueError("`rearm_ratio` must be below `ratio`, or the alert would flap")

    def stand(self, state: ContactState, now: int) -> int:
        """By when the listed tickets were opened, and the days of those that left the list."""
        if len(state.tickets) < self.min_history and not state.buckets:
            return CLEAR
        recent, ratio = self._rate(state, now)
        if recent >= self.min_recent and ratio >= self.ratio:
            return HOLDS
        return CLEAR if ratio < self.rearm_ratio else BETWEEN

    def _rate(self, state: ContactState, now: int) -> tuple[int, float]:
        recent_from = now - RECENT_DAYS * DAY_MS
        before = opened_between(state, recent_from - HISTORY_DAYS * DAY_MS, recent_from)
        if before < self.min_history:
            return 0, 0.0
        recent = opened_between(state, recent_from)
        return recent, recent * HISTORY_DAYS / (before * RECENT_DAYS)

    def reasons(self, state: ContactState, now: int) -> list[str]:
        """How many tickets."""
        recent, ratio = self._rate(state, now)
        return [f"{recent} tickets in {RECENT_DAYS} days, {ratio:.1f} times the usual rate"]
