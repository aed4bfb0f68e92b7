"""Bands: what a score means in a word.

A score is rounded once, half up, and the band is read off the rounded score.
"""

from math import floor
from typing import Literal

import msgspec

from schemas.base import Band

BANDS: tuple[Band, ...] = ("at_risk", "needs_attention", "healthy", "champion")

Edge = int


class BandEdges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lowest score of each band; below `needs_attention` is at risk."""

    needs_attention: Edge = 31
    healthy: Edge = 61
    champion: Edge = 81

    def __post_init__(self) -> None:
        if not 0 < self.needs_attention < self.healthy < self.champion <= 100:
            raise ValueError("band edges must rise: 0 < needs_attention < healthy < champion <= 100")

    def band(self, score: int) -> Band:
        """The band of a rounded score."""
        if score >= self.healthy:
            return "champion" if score >= self.champion else "healthy"
        return "needs_attention" if score >= self.needs_attention else "at_risk"


def rounded(score_raw: float) -> int:
    """The score, an integer 0..100: half a point rounds up."""
    return floor(score_raw + 0.5)


def direction(before: Band | None, after: Band) -> Literal["initial", "declined", "improved"]:
    """Which way a contact went from one band to another one."""
    if before is None:
        return "initial"
    return "improved" if BANDS.index(after) > BANDS.index(before) else "declined"
