"""What moved a score, in words: the components that lost most, against a close of the last week."""

from models.health.closes import Close, unpack_close
from models.health.components.registry import NAMES
from models.health.facts.messages import DAY_MS
from models.health.state import ContactState

_MOST = 3
_WEEK = 7 * DAY_MS
_WORDS = {
    "nps": "The NPS answer", "csat": "Satisfaction", "sentiment": "Sentiment", "engagement": "Engagement",
    "csat_mean": "Mean satisfaction", "ces": "The effort score",
}  # fmt: skip


def score_reasons(state: ContactState, now: int) -> list[str]:
    """Which components lost points within a week, or, without a close to compare with, which are low."""
    published = state.published
    if published is None:
        return []
    present = [one for one in published.components if one is not None]
    base = base_of(state.closes, now)
    if base is None:
        low = sorted((one.value, NAMES[one.code]) for one in present if one.value <= 0.5)[:_MOST]
        return [f"{_word(name)} is at {round(100 * value)} of 100" for value, name in low]
    points = {one.code: 100.0 * one.weight * one.value / published.weight for one in present}
    lost = sorted((points.get(code, 0.0) - base.points.get(code, 0.0), NAMES[code]) for code in points | base.points)
    days = max(1, round((now - base.at) / DAY_MS))
    span = "1 day" if days == 1 else f"{days} days"
    told = [f"{_word(name)} lost {-change:.0f} points in {span}" for change, name in lost[:_MOST] if change <= -1]
    last_at = state.activity.last_at
    if last_at is not None and any(name == "engagement" and change <= -1 for change, name in lost):
        told.append(f"No activity for {(now - last_at) // DAY_MS} days")
    return told


def base_of(closes: list[bytes], now: int) -> Close | None:
    """The close in force a week ago, or the first since."""
    unpacked = [unpack_close(close) for close in closes]
    before = [close for close in unpacked if close.at <= now - _WEEK]
    return before[-1] if before else next(iter(unpacked), None)


def _word(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " ").capitalize())
