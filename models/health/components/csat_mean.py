"""`csat_mean`: how satisfied the contact was on the average."""

from typing import NamedTuple

from models.health.components.factor import Factor, Window, window
from models.health.components.windows import began, ended, next_to_leave
from models.health.facts.answers import SATISFACTION
from models.health.facts.sections import ANSWERS, CLOCK
from models.health.state import ContactState, Measured


class Satisfaction(NamedTuple):
    """How many satisfaction answers there are, the sum of their shares of their scales, and the time of the latest."""

    answers: int
    shares: float
    last_at: int


def satisfaction_since(state: ContactState, since: int) -> Satisfaction:
    """The satisfaction answers from `since` on. Of those that left the row's list only whole days are known."""
    answers = [answer for answer in state.answers if answer.kind in SATISFACTION and answer.at >= since]
    buckets = [bucket for bucket in state.buckets if bucket.answers and began(bucket) >= since]
    count = len(answers) + sum(bucket.answers for bucket in buckets)
    if count == 0:
        return Satisfaction(0, 0.0, 0)
    shares = sum(answer.share for answer in answers) + sum(bucket.answer_shares for bucket in buckets)
    return Satisfaction(count, shares, answers[-1].at if answers else ended(buckets[-1]))


def times_of_satisfaction(state: ContactState) -> list[int]:
    """The times that windows of satisfaction answers count by, in order."""
    times = [answer.at for answer in state.answers if answer.kind in SATISFACTION]
    return sorted(times + [began(bucket) for bucket in state.buckets if bucket.answers]) if state.buckets else times


class CsatMean(Factor, frozen=True, kw_only=True):
    """Measure: mean of the CSAT, star and thumbs answers of the last `window_days` (60), each as its share 0..1 of the
    scale that it carries.

    By default 0.8 is good (better than four of five stars) and 0.4 is poor. No value without an answer in the window.
    Source: 000.
    """

    name = "csat_mean"
    code = 5
    reads = ANSWERS | CLOCK

    good: float = 0.8
    poor: float = 0.4
    window_days: Window = 60

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The mean of the window; dated by the latest answer."""
        known = satisfaction_since(state, now - window(self.window_days))
        return self.rated(known.shares / known.answers, known.answers, known.last_at) if known.answers else None

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the oldest answer of the window leaves it."""
        return next_to_leave(times_of_satisfaction(state), window(self.window_days), now)
