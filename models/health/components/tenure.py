"""`tenure`: how long the contact has been a customer."""

from models.health.components.factor import Factor
from models.health.facts.messages import DAY_MS
from models.health.facts.sections import CLOCK, HISTORY, PROFILE
from models.health.state import ContactState, Measured

MONTH_MS = 30 * DAY_MS


class Tenure(Factor, frozen=True, kw_only=True):
    """Measure: whole months of 30 days since `customer_since`, or since the first activity where the profile does not
    say it. Whole months, because a value that moved by a hair each night would be written each night.

    By default two years (24) are good and the first month (0) is poor. Source: 001.
    """

    name = "tenure"
    code = 15
    reads = PROFILE | HISTORY | CLOCK

    good: float = 24
    poor: float = 0

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The months; dated by the time they are counted from."""
        since = _since(state)
        return None if since is None else self.rated(max(0, now - since) // MONTH_MS, 1, since)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """The next whole month that makes a difference."""
        since = _since(state)
        return None if since is None else self.next_step(since, MONTH_MS, now)


def _since(state: ContactState) -> int | None:
    profile = state.profile
    known = None if profile is None else profile.customer_since
    return state.activity.first_at if known is None else known
