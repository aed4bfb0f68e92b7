"""`contact_health_declined`: a contact has come to be at risk."""

from models.health.alerts.confidence import LEVELS
from models.health.alerts.rule import BETWEEN, CLEAR, HOLDS, SCORE, AlertRule, Minutes, Score
from models.health.state import ContactState
from schemas.scores import Confidence


class ContactHealthDeclined(AlertRule, frozen=True, kw_only=True):
    """Raised at a score of `at` (30) or less, or with `strict` only below it; armed again from `rearm_at` (35) on.

    `min_confidence`: no less evidence must stand behind the score. Source: 002.
    """

    name = "contact_health_declined"
    code = 1
    reads = SCORE
    recovery = "contact_health_recovered"

    at: Score = 30
    rearm_at: Score = 35
    strict: bool = False
    min_confidence: Confidence = "low"
    dwell_minutes: Minutes = 10

    def __post_init__(self) -> None:
        if self.rearm_at <= self.at:
            raise ValueError("`rearm_at` must be above `at`, or the alert would flap")

    def stand(self, state: ContactState, now: int) -> int:
        """By the computed score, whatever a person has set."""
        published = state.published
        if published is None or published.score >= self.rearm_at:
            return CLEAR
        low = published.score < self.at if self.strict else published.score <= self.at
        return HOLDS if low and LEVELS[self.min_confidence] <= published.facts else BETWEEN
