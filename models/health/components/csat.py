"""`csat`: how satisfied the contact says it is: CSAT, star or thumbs answers on their scales."""

from typing import Literal

from models.health.components.component import Component
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
        times = [answer.at for answer in state.answers if answer.kind in SATISFACTION]
        times += [bucket.day * DAY_MS for bucket in state.buckets if bucket.answers]
        return min((at + WINDOW_MS + 1 for at in times if at + WINDOW_MS >= now), default=None)

    def _mean_since(self, state: ContactState, since: int) -> Measured | None:
        """Of answers that left the row's list only whole days are known: a day counts while it began in the window."""
        answers = [answer for answer in state.answers if answer.kind in SATISFACTION and answer.at >= since]
        buckets = [bucket for bucket in state.buckets if bucket.answers and bucket.day * DAY_MS >= since]
        count = len(answers) + sum(bucket.answers for bucket in buckets)
        if count == 0:
            return None
        total = sum(answer.share for answer in answers) + sum(bucket.answer_shares for bucket in buckets)
        last_at = answers[-1].at if answers else (buckets[-1].day + 1) * DAY_MS - 1
        return self.measured(total / count, count, last_at)
