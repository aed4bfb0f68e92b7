"""What moved a score, in words: the components that lost most, against a close of the last week.

Where that says nothing, as of a second decline within a day, the components that are low do.
"""

from collections.abc import Mapping

from models.health.closes import Close, unpack_close
from models.health.components.registry import NAMES
from models.health.facts.messages import DAY_MS
from models.health.state import Components, ContactState

_MOST = 3
_LOW = 0.5
_WEEK = 7 * DAY_MS
_WORDS = {
    "nps": "The NPS answer", "csat": "Satisfaction", "sentiment": "Sentiment", "engagement": "Engagement",
    "csat_mean": "Mean satisfaction", "ces": "The effort score",
}  # fmt: skip


def score_reasons(state: ContactState, now: int) -> list[str]:
    """What caps the score, and which components lost points against the close of a week ago, or the first since; none
    without a close.
    """
    published, base = state.published, base_of(state.closes, now)
    if published is None:
        return []
    cap = published.capped_by
    told = [] if cap is None else [f"{_word(cap)} caps the score at {published.score}"]
    if base is None:
        return told
    points = {
        one.code: 100.0 * one.weight * one.value / published.weight for one in published.components if one is not None
    }
    lost = sorted((points.get(code, 0.0) - base.points.get(code, 0.0), NAMES[code]) for code in points | base.points)
    days = max(1, round((now - base.at) / DAY_MS))
    span = "1 day" if days == 1 else f"{days} days"
    told += [f"{_word(name)} lost {-change:.0f} points in {span}" for change, name in lost[:_MOST] if change <= -1]
    last_at = state.activity.last_at
    if last_at is not None and any(name == "engagement" and change <= -1 for change, name in lost):
        told.append(f"No activity for {(now - last_at) // DAY_MS} days")
    return told


def low(state: ContactState) -> list[str]:
    """Which components are low: at least one, where there is a score."""
    components = [] if state.published is None else state.published.components
    return [f"{_word(name)} is at {percent} of 100" for name, percent in lowest(components, NAMES)]


def lowest(components: Components, names: Mapping[int, str]) -> list[tuple[str, int]]:
    """The names of the components that are low, the lowest first, with their percent: of half or less up to three, and
    the lowest in any case.
    """
    found = sorted((one.value, names[one.code]) for one in components if one is not None)
    return [(name, round(100 * value)) for value, name in found[:_MOST] if value <= _LOW or value == found[0][0]]


def base_of(closes: list[bytes], now: int) -> Close | None:
    """The close in force a week ago, or the first since."""
    unpacked = [unpack_close(close) for close in closes]
    before = [close for close in unpacked if close.at <= now - _WEEK]
    return before[-1] if before else next(iter(unpacked), None)


def _word(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " ").replace("-", " ").capitalize())
