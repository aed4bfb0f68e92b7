"""What moved an account's score, in words: the components that lost most within a week."""

from models.health.accounts.assessment import AccountAssessment
from models.health.accounts.components.registry import ACCOUNT_NAMES
from models.health.alerts.reasons import base_of, lowest
from models.health.assess import points_by_code
from models.health.facts.messages import DAY_MS

_MOST = 3
_WORDS = {"members": "The contacts' scores", "point_of_contact": "The point of contact"}
_LOW_WORDS = {"members": "The mean of the contacts' scores"}


def lost_most(closes: list[bytes], current: AccountAssessment, now: int) -> list[str]:
    """Which components lost points against the close of a week ago, or the first since; none without a close."""
    base = base_of(closes, now)
    if base is None:
        return []
    points = points_by_code(current.components, current.weight)
    lost = sorted((points.get(code, 0.0) - was, ACCOUNT_NAMES[code]) for code, was in base.points.items())
    days = max(1, round((now - base.at) / DAY_MS))
    span = "1 day" if days == 1 else f"{days} days"
    return [f"{_word(name)} lost {-change:.0f} points in {span}" for change, name in lost[:_MOST] if change <= -1]


def low(current: AccountAssessment) -> list[str]:
    """Which components are low; at least one."""
    return [
        f"{_LOW_WORDS.get(name) or _word(name)} is at {percent} of 100"
        for name, percent in lowest(current.components, ACCOUNT_NAMES)
    ]


def _word(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " ").capitalize())
