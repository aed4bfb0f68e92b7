"""`support_load`: too much and no contact with support are both unhealthy, some is good."""

from bisect import bisect_left
from typing import Annotated

import msgspec

from models.health.components.component import Component
from models.health.components.factor import Window, window
from models.health.components.kept_messages import kept_messages
from models.health.components.windows import earliest, next_to_leave, opened_between, times_opened
from models.health.facts.sections import ACTIVITY, CLOCK, LEFT, TALKS, TICKET_TIMES
from models.health.state import ContactState, Measured

Load = Annotated[float, msgspec.Meta(ge=-1_000_000, le=1_000_000)]


class SupportLoad(Component, frozen=True, kw_only=True):
    """Measure: tickets opened in the last `window_days` (60), and conversations without a ticket that the contact wrote
    in since; an inverted U: 1 within `good`, 0 at `low` or less and at `high` or more, linear between.

    By default one to four are good, none and ten are poor. No value before the contact's first activity. Source: 004.
    """

    name = "support_load"
    code = 19
    reads = ACTIVITY | TALKS | TICKET_TIMES | LEFT | CLOCK
    grades = True

    low: Load = 0
    good: tuple[Load, Load] = (1, 4)
    high: Load = 10
    window_days: Window = 60

    def __post_init__(self) -> None:
        if not self.low < self.good[0] <= self.good[1] < self.high:
            raise ValueError("`low`, `good` (from, to) and `high` must rise: low < from <= to < high")

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The load; dated by the latest activity."""
        last_at = state.activity.last_at
        if last_at is None:
            return None
        since = now - window(self.window_days)
        conversations = kept_messages(state).conversations
        load = opened_between(state, since) + len(conversations) - bisect_left(conversations, since)
        rising = (load - self.low) / (self.good[0] - self.low)
        falling = (self.high - load) / (self.high - self.good[1])
        return self.measured(min(1.0, max(0.0, min(rising, falling))), load, last_at)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the oldest ticket or conversation of the window leaves it."""
        age = window(self.window_days)
        conversations = kept_messages(state).conversations
        return earliest(next_to_leave(times_opened(state), age, now), next_to_leave(conversations, age, now))
