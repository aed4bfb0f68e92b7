"""`engagement`: how long ago the contact was last active."""

from models.health.components.component import Component
from models.health.facts.messages import DAY_MS
from models.health.facts.sections import ACTIVITY, CLOCK
from models.health.state import ContactState, Measured

STEPS = ((7 * DAY_MS, 1.0), (14 * DAY_MS, 0.8), (30 * DAY_MS, 0.6), (60 * DAY_MS, 0.4), (90 * DAY_MS, 0.2))
"""The greatest age (inclusive) at which each value holds; older is 0."""


class Engagement(Component, frozen=True, kw_only=True):
    """The recency of the contact's last activity, in steps. Silence is not missing data: it ends at 0."""

    name = "engagement"
    code = 4
    reads = ACTIVITY | CLOCK
    decays = True

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The step that the age is on. An activity ahead of `now` is as fresh as can be."""
        last_at = state.activity.last_at
        if last_at is None:
            return None
        age = now - last_at
        for until, value in STEPS:
            if age <= until:
                return self.measured(value, 1, last_at)
        return self.measured(0.0, 1, last_at)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """The end of the present step."""
        last_at = state.activity.last_at
        if last_at is None:
            return None
        for until, _ in STEPS:
            if now - last_at <= until:
                return last_at + until + 1
        return None
