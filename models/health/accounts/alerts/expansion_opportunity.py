"""`expansion_opportunity`: a healthy account is about to renew."""

from typing import Annotated

import msgspec

from models.health.accounts.alerts.rule import AccountRule
from models.health.accounts.alerts.standing import Standing
from models.health.alerts.rule import BETWEEN, CLEAR, HOLDS, Hours, Minutes
from models.health.facts.messages import DAY_MS


class ExpansionOpportunity(AccountRule, frozen=True, kw_only=True):
    """Raised when the account is healthy or better and renews within `days` (90); over when the renewal has passed or
    moved out of them, or the score is `rearm_points` (5) below healthy. Source: 004.
    """

    name = "expansion_opportunity"
    code = 3

    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 90
    rearm_points: Annotated[int, msgspec.Meta(ge=1, le=50)] = 5
    dwell_minutes: Minutes = 10
    cooldown_hours: Hours = 2_160

    def stand(self, state: Standing, now: int) -> int:
        """By the computed score and the renewal that the profile tells."""
        renewal_at = _renewal(state)
        if renewal_at is None or not now <= renewal_at <= now + self.days * DAY_MS:
            return CLEAR
        score = state.current.score
        if score >= state.healthy:
            return HOLDS
        return CLEAR if score <= state.healthy - self.rearm_points else BETWEEN

    def reasons(self, state: Standing, now: int) -> list[str]:
        """How soon."""
        renewal_at = _renewal(state)
        if renewal_at is None:
            return []
        days = (renewal_at - now) // DAY_MS
        return [f"The account scores {state.current.score} and renews in {days} {'day' if days == 1 else 'days'}"]


def _renewal(state: Standing) -> int | None:
    return None if state.own.profile is None else state.own.profile.renewal_at
