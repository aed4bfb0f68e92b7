"""A factor: a raw measure between two thresholds of the tenant."""

from math import floor
from typing import Annotated

import msgspec

from models.health.components.component import Component
from models.health.facts.messages import DAY_MS
from models.health.state import Measured
from schemas.scores import Grade

Threshold = Annotated[float, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
Window = Annotated[int, msgspec.Meta(ge=1, le=90)]
"""Whole days. Rows know 90 of them."""


class Factor(Component, frozen=True, kw_only=True):
    """A component whose raw measure is 1 at `good` or better, 0 at `poor` or worse, and linear between.

    Which way is better follows from which threshold is larger.
    """

    grades = True

    good: Threshold
    poor: Threshold

    def __post_init__(self) -> None:
        if self.good == self.poor:
            raise ValueError("`good` and `poor` must differ: which is larger says which way is better")

    def rated(self, raw: float, observations: int, last_at: int) -> Measured:
        """The raw measure on the way from `poor` to `good`."""
        share = (raw - self.poor) / (self.good - self.poor)
        value = 1.0 if share >= 1.0 else share if share > 0.0 else 0.0
        return Measured(self.code, value, self.weight, observations, last_at)

    def next_step(self, since: int, step: int, now: int) -> int | None:
        """When the value changes next, where the raw measure is the whole steps (milliseconds) gone by since a time."""
        low, high = min(self.good, self.poor), max(self.good, self.poor)
        steps = max(0, now - since) // step
        return None if steps >= high else since + max(steps + 1, floor(low) + 1) * step


def grade(value: float) -> Grade:
    """The class of a rated value: good and poor from the thresholds on, average between them."""
    if value >= 1.0:
        return "good"
    return "average" if value > 0.0 else "poor"


def window(days: int) -> int:
    """Days in milliseconds."""
    return days * DAY_MS
