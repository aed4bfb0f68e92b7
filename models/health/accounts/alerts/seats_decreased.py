"""`seats_decreased`: an account has given up seats."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import msgspec

from models.health.accounts.alerts.rule import AccountRule
from models.health.accounts.alerts.standing import Standing
from models.health.accounts.own import Size
from models.health.alerts.rule import BETWEEN, CLEAR, HOLDS
from models.health.facts.messages import DAY_MS

_DECIMALS = 9
"""So many of a share count: 0.07 of 100 seats are seven, and not a hair more."""


class SeatsDecreased(AccountRule, frozen=True, kw_only=True):
    """Raised when the account has `share` (0.05) fewer seats than the most of the last `days` (30); over when none are
    missing against those. A further decrease is an episode of its own. Source: 001.
    """

    name = "seats_decreased"
    code = 5
    renews = True

    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.05
    days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 30

    def stand(self, state: Standing, now: int) -> int:
        """By the seats alone: orders come and go. That the latest profile tells none ends nothing."""
        if state.own.profile is None or state.own.profile.seats is None:
            return BETWEEN
        most, left = self._seats(state, now)
        if left >= most:
            return CLEAR
        return HOLDS if most - left >= round(self.share * most, _DECIMALS) else BETWEEN

    def since(self, state: Standing, now: int) -> int:
        """Since the latest decrease."""
        fell = [later.at for earlier, later in pairwise(state.own.seats) if later.count < earlier.count]
        return fell[-1] if fell else now

    def reasons(self, state: Standing, now: int) -> list[str]:
        """From how many to how many."""
        most, left = self._seats(state, now)
        return [f"The account went from {most} to {left} seats within {self.days} days"]

    def _seats(self, state: Standing, now: int) -> tuple[int, int]:
        """The most in the time that is looked at, and the present ones."""
        profile = state.own.profile
        if profile is None or profile.seats is None:
            return 0, 0
        sizes: Sequence[Size] = state.own.seats
        first = bisect_right(sizes, now - self.days * DAY_MS, key=lambda size: size.at) - 1
        return max([size.count for size in sizes[max(0, first) :]], default=0), profile.seats
