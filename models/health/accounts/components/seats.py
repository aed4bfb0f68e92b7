"""`seats`: whether the account grows, shrinks or has fallen asleep."""

from bisect import bisect_right
from collections.abc import Sequence

from models.health.accounts.components.component import AccountFactor, Facts
from models.health.accounts.own import Own, Size
from models.health.components.factor import Window
from models.health.facts.messages import DAY_MS
from models.health.state import Measured


class Seats(AccountFactor, frozen=True, kw_only=True):
    """Measure: the change of the number of seats (of orders, where no seats are known in the window) over the last
    `window_days` (90), as a share of what it was: 10 of 40 seats gone are -0.25.

    0 where none is left, and where orders are known and the last one is longer ago than the window. By default no
    change (0) is good and a quarter lost (-0.25) is poor. No value while neither seats nor orders are known. Source:
    001.
    """

    name = "seats"
    code = 3

    good: float = 0
    poor: float = -0.25
    window_days: Window = 90

    def measure(self, facts: Facts, now: int) -> Measured | None:
        """The change; dated by the latest size or order."""
        own, profile = facts.own, facts.own.profile
        ordered_at = None if profile is None else profile.last_order_at
        since = now - self.window_days * DAY_MS
        sizes = _sizes(own, since)
        last_at = max([size.at for size in sizes[-1:]] + ([] if ordered_at is None else [ordered_at]), default=None)
        if last_at is None:
            return None
        if (ordered_at is not None and ordered_at < since) or (sizes and sizes[-1].count == 0):
            return self.measured(0.0, len(sizes), last_at)
        return self.rated(growth(sizes, since), len(sizes), last_at)


def _sizes(own: Own, since: int) -> Sequence[Size]:
    """Its seats, where the profile tells them or told any since a time, else its orders."""
    seats = own.seats
    known = own.profile is not None and own.profile.seats is not None
    return seats if known or (seats and seats[-1].at >= since) else own.orders


def growth(sizes: Sequence[Size], since: int) -> float:
    """The change of the size since a time, as a share of the size then (or of the first one known)."""
    if not sizes:
        return 0.0
    place = bisect_right(sizes, since, key=lambda size: size.at) - 1
    then, now = sizes[max(0, place)].count, sizes[-1].count
    return (now - then) / then if then else float(now > 0)
