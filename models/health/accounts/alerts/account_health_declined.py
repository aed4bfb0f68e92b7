"""`account_health_declined`: an account has come to be at risk."""

from models.health.accounts.alerts.rule import AccountRule
from models.health.accounts.alerts.standing import Standing
from models.health.accounts.sums import bands, scored
from models.health.alerts.rule import BETWEEN, CLEAR, HOLDS, Minutes, Score


class AccountHealthDeclined(AccountRule, frozen=True, kw_only=True):
    """Raised at a score of `at` (30) or less, or with `strict` only below it; armed again from `rearm_at` (35) on.
    Source: 002.
    """

    name = "account_health_declined"
    code = 1
    recovery = "account_health_recovered"

    at: Score = 30
    rearm_at: Score = 35
    strict: bool = False
    dwell_minutes: Minutes = 10

    def __post_init__(self) -> None:
        if self.rearm_at <= self.at:
            raise ValueError("`rearm_at` must be above `at`, or the alert would flap")

    def stand(self, state: Standing, now: int) -> int:
        """By the computed score, whatever a person has set."""
        score = state.current.score
        if score >= self.rearm_at:
            return CLEAR
        return HOLDS if score < self.at or (score == self.at and not self.strict) else BETWEEN

    def reasons(self, state: Standing, now: int) -> list[str]:
        """How many contacts are at risk."""
        at_risk, known = bands(state.members).get("at_risk", 0), scored(state.members)
        return [f"{at_risk} of {known} contacts are at risk"] if at_risk else []
