"""`tenure`: how long the account has been a customer."""

from models.health.accounts.components.component import AccountFactor, Facts
from models.health.facts.messages import DAY_MS
from models.health.state import Measured

MONTH_MS = 30 * DAY_MS


class AccountTenure(AccountFactor, frozen=True, kw_only=True):
    """Measure: whole months of 30 days since the profile's `customer_since`; no value where it is not known. By default
    two years (24) are good and the first month (0) is poor. Source: 001.
    """

    name = "tenure"
    code = 4

    good: float = 24
    poor: float = 0

    def measure(self, facts: Facts, now: int) -> Measured | None:
        """The months; dated by the time they are counted from."""
        since = None if facts.own.profile is None else facts.own.profile.customer_since
        return None if since is None else self.rated(max(0, now - since) // MONTH_MS, 1, since)
