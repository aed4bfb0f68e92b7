"""`steep_drop`: a contact's score has fallen far within a week."""

from bisect import bisect_right
from typing import Annotated

import msgspec

from models.health.alerts.rule import BETWEEN, CLEAR, HOLDS, SCORE, AlertRule
from models.health.facts.messages import DAY_MS
from models.health.state import ContactState

_SCORE_AT = 6


class SteepDrop(AlertRule, frozen=True, kw_only=True):
    """Raised at `points` (15) below the highest daily close of the last `days` (7); armed again when less than
    `rearm_points` (10) are left of the drop. Source: 002.
    """

    name = "steep_drop"
    code = 3
    reads = SCORE

    points: Annotated[int, msgspec.Meta(ge=1, le=100)] = 15
    rearm_points: Annotated[int, msgspec.Meta(ge=0, le=99)] = 10
    days: Annotated[int, msgspec.Meta(ge=1, le=7)] = 7

    def __post_init__(self) -> None:
        if self.rearm_points >= self.points:
            raise ValueError("`rearm_points` must be below `points`, or the alert would flap")

    def stand(self, state: ContactState, now: int) -> int:
        """By the closes of the window, and the one in force when it began."""
        drop = self.drop(state, now)
        if drop >= self.points:
            return HOLDS
        return CLEAR if drop < self.rearm_points else BETWEEN

    def drop(self, state: ContactState, now: int) -> int:
        """Points lost since the highest close."""
        closes, published = state.closes, state.published
        if published is None or not closes or published.score + self.rearm_points > 100:
            return 0
        began = (now - self.days * DAY_MS).to_bytes(_SCORE_AT) + b"\xff"
        first = max(0, bisect_right(closes, began) - 1)
        return max([close[_SCORE_AT] for close in closes[first:]]) - published.score

    def reasons(self, state: ContactState, now: int) -> list[str]:
        """How far it fell."""
        return [f"The score fell by {self.drop(state, now)} points within {self.days} days"]
