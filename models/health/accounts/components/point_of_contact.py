"""`point_of_contact`: whether there is somebody to decide, for how long, and whether that has just changed."""

from typing import Annotated

import msgspec

from models.health.accounts.components.component import AccountFactor, Facts
from models.health.accounts.sums import DECISION_MAKERS, ROLE_DAYS, ROLES_DATED, ROLES_KNOWN
from models.health.facts.messages import DAY_MS
from models.health.state import Measured

MONTH_DAYS = 30


class PointOfContact(AccountFactor, frozen=True, kw_only=True):
    """Measure: months of 30 days that the decision makers among the contacts have been in their role, on average.

    0 without a decision maker, and 0 within `change_days` (90) of a change: one of them began or went, other than the
    first one ever. 1 where nobody knows since when. By default a year (12) is good and the first month (0) is poor. No
    value while no profile says whether its contact decides. Source: 001.
    """

    name = "point_of_contact"
    code = 2

    good: float = 12
    poor: float = 0
    change_days: Annotated[int, msgspec.Meta(ge=0, le=365)] = 90

    def measure(self, facts: Facts, now: int) -> Measured | None:
        """The months; dated by the latest change."""
        members, roles = facts.members, facts.roles
        known, deciding = members.get(ROLES_KNOWN, 0), members.get(DECISION_MAKERS, 0)
        if not known:
            return None
        changed_at = roles.changed_at(now)
        last_at = changed_at if changed_at is not None else roles.first or 0
        if not deciding or (changed_at is not None and now - changed_at <= self.change_days * DAY_MS):
            return self.measured(0.0, known, last_at)
        dated = members.get(ROLES_DATED, 0)
        if not dated:
            return self.measured(1.0, known, last_at)
        days = max(0.0, now // DAY_MS - members.get(ROLE_DAYS, 0) / dated)
        return self.rated(days // MONTH_DAYS, known, last_at)
