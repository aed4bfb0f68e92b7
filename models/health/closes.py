"""The daily closes of a contact: its score at each tick at which it differed from the close before.

A close holds until the next one, so a contact whose score stands still has one close, and its row is not written every
night. Eight days are kept, and the last close before them.

A close takes 8 bytes (time in 48 bits, score, band) and 4 for each component (its code, its points in 1/100,000).
"""

from bisect import bisect_right
from struct import Struct

import msgspec

from models.health.bands import BANDS
from models.health.facts.messages import DAY_MS
from models.health.state import Components
from schemas.base import Band

KEPT_MS = 8 * DAY_MS

_HEAD = Struct(">HIBB")
_POINTS = Struct(">I")
_WHOLE = tuple(Struct(f">HIBB{components}I") for components in range(256))
_TIME_SIZE = 6
_PRECISION = 100_000


class Close(msgspec.Struct, frozen=True, gc=False):
    """A close: UTC milliseconds of its tick, and the points of the components by code."""

    at: int
    score: int
    band: Band
    points: dict[int, float]


def pack_close(at: int, score: int, band: int, components: Components, weight: int | float) -> bytes:
    """The packed form of a close; `band` by its place, `weight` that of all components that are present."""
    numbers = [
        one.code << 24 | round(100.0 * one.weight * one.value / weight * _PRECISION)  # as `assess.points` has it
        for one in components
        if one is not None
    ]
    return _WHOLE[len(numbers)].pack(at >> 32, at & 0xFFFFFFFF, score, band, *numbers)


def unpack_close(packed: bytes) -> Close:
    """The close of its packed form."""
    high, low, score, band = _HEAD.unpack_from(packed)
    points = {number >> 24: (number & 0xFFFFFF) / _PRECISION for (number,) in _POINTS.iter_unpack(packed[_HEAD.size :])}
    return Close(high << 32 | low, score, BANDS[band], points)


def same_close(one: bytes, other: bytes) -> bool:
    """Whether two closes differ in nothing but their time."""
    return one[_TIME_SIZE:] == other[_TIME_SIZE:]


def add_close(closes: list[bytes], new: bytes, now: int) -> bool:
    """Add the close of `now` if it differs from the one before. Returns whether it did."""
    if closes and same_close(closes[-1], new):
        return False
    closes.append(new)
    del closes[: max(0, _in_force(closes, now - KEPT_MS))]
    return True


def closed_since(closes: list[bytes], time: int) -> bool:
    """Whether there is a close later than `time`."""
    return bool(closes) and closes[-1][:_TIME_SIZE] > time.to_bytes(_TIME_SIZE)


def score_at(closes: list[bytes], time: int) -> int | None:
    """The score of the close at or before `time`, or None if there was none."""
    if not closes:
        return None
    index = _in_force(closes, time)
    return closes[index][_TIME_SIZE] if index >= 0 else None


def _in_force(closes: list[bytes], time: int) -> int:
    """The index of the close in force at `time`, or -1."""
    return bisect_right(closes, time.to_bytes(_TIME_SIZE) + b"\xff") - 1
