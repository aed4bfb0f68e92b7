"""`severity_rising`: a contact's tickets get more severe."""

from typing import Annotated

import msgspec

from models.health.alerts.rule import BETWEEN, CLEAR, HOLDS, AlertRule
from models.health.components.severity import severities
from models.health.components.severity_trend import HISTORY_DAYS, RECENT_DAYS
from models.health.components.windows import opened_between
from models.health.facts.messages import DAY_MS
from models.health.facts.sections import TICKETS
from models.health.state import ContactState

Levels = Annotated[float, msgspec.Meta(ge=0, le=3)]
Tickets = Annotated[int, msgspec.Meta(ge=1, le=1000)]


_DECIMALS = 9
"""So many of a rise count: 11/6 less 5/6 is one level, and not a hair below it."""


class SeverityRising(AlertRule, frozen=True, kw_only=True):
    """Raised when the mean severity of the last 14 days is `levels` (1) above that of the 60 days before, with
    `min_tickets` (2) in both; armed again below `rearm_levels` (0.5). Source: 003.
    """

    name = "severity_rising"
    code = 5
    reads = TICKETS

    levels: Levels = 1
    rearm_levels: Levels = 0.5
    min_tickets: Tickets = 2
    cooldown_hours: Annotated[float, msgspec.Meta(ge=0, le=2_160)] = 168

    def __post_init__(self) -> None:
        if self.rearm_levels >= self.levels:
            raise ValueError("`rearm_levels` must be below `levels`, or the alert would flap")

    def stand(self, state: ContactState, now: int) -> int:
        """By the tickets whose severity is known."""
        if len(state.tickets) + len(state.buckets) < 2 * self.min_tickets and not state.buckets:
            return CLEAR
        rise = self._rise(state, now)
        if rise >= self.levels:
            return HOLDS
        return CLEAR if rise < self.rearm_levels else BETWEEN

    def _rise(self, state: ContactState, now: int) -> float:
        recent_from = now - RECENT_DAYS * DAY_MS
        before_from = recent_from - HISTORY_DAYS * DAY_MS
        if opened_between(state, before_from, recent_from) < self.min_tickets:
            return 0.0
        recent = severities(state, recent_from)
        before = severities(state, before_from, recent_from)
        if recent.tickets < self.min_tickets or before.tickets < self.min_tickets:
            return 0.0
        rise = recent.levels / recent.tickets - before.levels / before.tickets
        return round(rise, _DECIMALS)

    def reasons(self, state: ContactState, now: int) -> list[str]:
        """By how much."""
        return [
            f"Tickets of the last {RECENT_DAYS} days are {self._rise(state, now):.1f} levels more severe than before"
        ]
