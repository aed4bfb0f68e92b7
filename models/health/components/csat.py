"""`csat`: how satisfied the contact says it is: CSAT, star or thumbs answers on their scales."""

from typing import Literal

from models.health.components.component import Component
from models.health.components.csat_mean import satisfaction_since, times_of_satisfaction
from models.health.components.windows import next_to_leave
from models.health.facts.answers import SATISFACTION, latest
from models.health.facts.messages import DAY_MS
from models.health.facts.sections import ANSWERS, CLOCK
from models.health.state import ContactState, Measured

WINDOW_MS = 60 * DAY_MS


class Csat(Component, frozen=True, kw_only=True):
    """The latest answer, or with `source: mean_60d` the mean of the answers of the last 60 days."""

    name = "csat"
    code = 2

    source: Literal["latest", "mean_60d"] = "latest"

    @property
    def reads(self) -> int:
        """A mean over a window also changes by time alone."""
        return ANSWERS if self.source == "latest" else ANSWERS | CLOCK

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The latest answer or the mean."""
        answer = latest(state.answers, SATISFACTION)
        if answer is None:
            return None
        if self.source == "latest":
            return self.measured(answer.share, 1, answer.at)
        return self._mean_since(state, now - WINDOW_MS)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the oldest answer of the window leaves it."""
        return None if self.source == "latest" else next_to_leave(times_of_satisfaction(state), WINDOW_MS, now)

    def _mean_since(self, state: ContactState, since: int) -> Measured | None:
        known = satisfaction_since(state, since)
        return self.measured(known.shares / known.answers, known.answers, known.last_at) if known.answers else None
