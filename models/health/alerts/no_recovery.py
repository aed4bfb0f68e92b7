"""`no_recovery`: a contact stays at risk although its tickets are solved."""

from typing import Annotated

import msgspec

from models.health.alerts.rule import CLEAR, HOLDS, SCORE, AlertRule
from models.health.components.own_tickets import own_tickets
from models.health.facts.messages import DAY_MS
from models.health.facts.sections import TICKETS
from models.health.state import ContactState


class NoRecovery(AlertRule, frozen=True, kw_only=True):
    """Raised when the contact's score has been at risk for `days` (14), never above, and `solved` (2) of its tickets
    were solved in that time. It ends with the risk. Source: 003.
    """

    name = "no_recovery"
    code = 6
    reads = SCORE | TICKETS
    idle = frozenset(("dwell_minutes",))  # its days are its dwell

    days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 14
    solved: Annotated[int, msgspec.Meta(ge=0, le=50)] = 2

    @property
    def dwell(self) -> int:
        """The days."""
        return self.days * DAY_MS

    @property
    def late_dwell(self) -> int:
        """The days, too: they are the condition itself."""
        return self.dwell

    def stand(self, state: ContactState, now: int) -> int:
        """At risk, and enough solved since."""
        since = state.at_risk_since
        return CLEAR if since is None or self._solved(state, since) < self.solved else HOLDS

    def since(self, state: ContactState, now: int) -> int:
        """Since the contact is at risk, not since the tickets were solved."""
        return now if state.at_risk_since is None else state.at_risk_since

    def _solved(self, state: ContactState, since: int) -> int:
        return sum([ticket.is_settled and ticket.solved_at >= since for ticket in own_tickets(state).all])

    def reasons(self, state: ContactState, now: int) -> list[str]:
        """How long, and how many."""
        since = self.since(state, now)
        days, solved = (now - since) // DAY_MS, self._solved(state, since)
        return [f"At risk for {days} days, although {solved} {'ticket was' if solved == 1 else 'tickets were'} solved"]
