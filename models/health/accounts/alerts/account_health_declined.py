"""`account_health_declined`: an account has come to be at risk."""

from typing import Self

import msgspec

from models.health.accounts.alerts.rule import AccountRule
from models.health.accounts.alerts.standing import Standing
from models.health.accounts.sums import bands, scored
from models.health.alerts.rule import BETWEEN, CLEAR, HOLDS, Minutes, Score, check_edges, edges_of_risk
from models.health.bands import BandEdges


class AccountHealthDeclined(AccountRule, frozen=True, kw_only=True):
    """Raised at a score of `at` (the top of at risk) or less, or with `strict` only below it; armed again from
    `rearm_at` (5 above `at`) on. Source: 002.
    """

    name = "account_health_declined"
    code = 1
    recovery = "account_health_recovered"

    at: Score | None = None
    rearm_at: Score | None = None
    strict: bool = False
    dwell_minutes: Minutes = 10

    def __post_init__(self) -> None:
        check_edges(self.at, self.rearm_at)

    def in_bands(self, bands: BandEdges) -> Self:
        """With both edges."""
        at, rearm_at = edges_of_risk(self.at, self.rearm_at, bands)
        return msgspec.structs.replace(self, at=at, rearm_at=rearm_at)

    def stand(self, state: Standing, now: int) -> int:
        """By the computed score, whatever a person has set."""
        score, at, rearm_at = state.current.score, self.at, self.rearm_at
        assert at is not None  # a model's rules have both
        assert rearm_at is not None
        if score >= rearm_at:
            return CLEAR
        return HOLDS if score < at or (score == at and not self.strict) else BETWEEN

    def reasons(self, state: Standing, now: int) -> list[str]:
        """How many contacts are at risk."""
        at_risk, known = bands(state.members).get("at_risk", 0), scored(state.members)
        return [f"{at_risk} of {known} contacts are at risk"] if at_risk else []
