"""`support_load`: too much and no contact with support are both unhealthy, some is good."""

from models.health.accounts.components.component import AccountComponent, Facts
from models.health.accounts.sums import LOAD, MEMBERS
from models.health.components.support_load import Load
from models.health.state import Measured


class AccountSupportLoad(AccountComponent, frozen=True, kw_only=True):
    """Measure: tickets and conversations without a ticket of all contacts in the last 60 days, an inverted U: 1 within
    `good`, 0 at `low` or less and at `high` or more, linear between.

    By default one to ten are good, none and forty are poor. No value without a contact. Source: 004.
    """

    name = "support_load"
    code = 5

    low: Load = 0
    good: tuple[Load, Load] = (1, 10)
    high: Load = 40

    def __post_init__(self) -> None:
        if not self.low < self.good[0] <= self.good[1] < self.high:
            raise ValueError("`low`, `good` (from, to) and `high` must rise: low < from <= to < high")

    def measure(self, facts: Facts, now: int) -> Measured | None:
        """The load; dated by the latest change of a score."""
        if not facts.members.get(MEMBERS):
            return None
        load = facts.members.get(LOAD, 0)
        rising = (load - self.low) / (self.good[0] - self.low)
        falling = (self.high - load) / (self.high - self.good[1])
        return self.measured(min(rising, falling), load, facts.moved_at)
