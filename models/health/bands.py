"""Bands: what a score means in a word.

A score is rounded once, half up, and the band is read off the rounded score.
"""

from math import floor
from typing import Literal

import msgspec

from schemas.base import Band
from schemas.scores import Trend

# Rows name bands and trends by their place here: never change the order.
BANDS: tuple[Band, ...] = ("at_risk", "needs_attention", "healthy", "champion")
AT_RISK, NEEDS_ATTENTION, HEALTHY, CHAMPION = range(4)
TRENDS: tuple[Trend, ...] = ("insufficient_history", "declining", "stable", "improving")
INSUFFICIENT_HISTORY, DECLINING, STABLE, IMPROVING = range(4)

Edge = int


class BandEdges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lowest score of each band; below `needs_attention` is at risk."""

    needs_attention: Edge = 31
    healthy: Edge = 61
    champion: Edge = 81

    def __post_init__(self) -> None:
        if not 0 < self.needs_attention < self.healthy < self.champion <= 100:
            raise ValueError("band edges must rise: 0 < needs_attention < healthy < champion <= 100")

    def band(self, score: int) -> int:
        """The place of a rounded score's band in `BANDS`."""
        if score >= self.healthy:
            return CHAMPION if score >= self.champion else HEALTHY
        return NEEDS_ATTENTION if score >= self.needs_attention else AT_RISK


def rounded(score_raw: float) -> int:
    """The score, an integer 0..100: half a point rounds up."""
    return floor(score_raw + 0.5)


def direction(before: int | None, after: int) -> Literal["initial", "declined", "improved"]:
    """Which way a contact went from one band (its place) to another one."""
    if before is None:
        return "initial"
    return "improved" if after > before else "declined"
