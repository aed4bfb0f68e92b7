"""`contact_health_declined`: a contact has come to be at risk."""

from typing import Self

import msgspec

from models.health.alerts.confidence import LEVELS
from models.health.alerts.rule import (
    BETWEEN,
    CLEAR,
    HOLDS,
    SCORE,
    AlertRule,
    Minutes,
    Score,
    check_edges,
    edges_of_risk,
)
from models.health.bands import BandEdges
from models.health.state import ContactState
from schemas.scores import Confidence


class ContactHealthDeclined(AlertRule, frozen=True, kw_only=True):
    """Raised at a score of `at` (the top of at risk) or less, or with `strict` only below it; armed again from
    `rearm_at` (5 above `at`) on.

    `min_confidence`: no less evidence must stand behind the score. Source: 002.
    """

    name = "contact_health_declined"
    code = 1
    reads = SCORE
    recovery = "contact_health_recovered"

    at: Score | None = None
    rearm_at: Score | None = None
    strict: bool = False
    min_confidence: Confidence = "low"
    dwell_minutes: Minutes = 10

    def __post_init__(self) -> None:
        check_edges(self.at, self.rearm_at)

    def in_bands(self, bands: BandEdges) -> Self:
        """With both edges."""
        at, rearm_at = edges_of_risk(self.at, self.rearm_at, bands)
        return msgspec.structs.replace(self, at=at, rearm_at=rearm_at)

    def stand(self, state: ContactState, now: int) -> int:
        """By the computed score, whatever a person has set."""
        published, at, rearm_at = state.published, self.at, self.rearm_at
        assert at is not None  # a model's rules have both
        assert rearm_at is not None
        if published is None or published.score >= rearm_at:
            return CLEAR
        low = published.score < at if self.strict else published.score <= at
        return HOLDS if low and LEVELS[self.min_confidence] <= published.facts else BETWEEN
