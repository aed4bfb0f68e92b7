"""Times as scenarios write them: `day 3 10:00`, counted from the scenario's first day."""

import re
from datetime import UTC, datetime

from schemas.base import to_milliseconds

DAY_MS = 86_400_000
END = to_milliseconds(datetime(2026, 4, 1, tzinfo=UTC))
"""All scenarios end at this moment, so that they can share one log: its last records are the end of each."""

_MOMENT = re.compile(r"day (-?\d{1,4})(?: (\d\d):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?)?")
_SPAN = re.compile(r"(\d{1,4}) (day|hour|minute|second)s?")
_UNITS = {"day": DAY_MS, "hour": 3_600_000, "minute": 60_000, "second": 1000}


def moment(text: object) -> int:
    """Milliseconds after the beginning of day 0. Raises ValueError for what is no time."""
    found = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is no time; write it as 'day 3' or 'day 3 10:00'")
    day, hours, minutes, seconds, milliseconds = (int(part or 0) for part in found.groups())
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"{text!r} is no time of a day")
    return day * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds


def is_moment(text: object) -> bool:
    """Whether it is written as a time."""
    return isinstance(text, str) and _MOMENT.fullmatch(text) is not None


def span(text: object) -> int:
    """Milliseconds of `2 hours`. Raises ValueError."""
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is no span of time; write it as '2 hours'")
    return int(found[1]) * _UNITS[found[2]]
