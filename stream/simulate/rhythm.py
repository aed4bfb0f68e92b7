"""When people write: by the hour of the day and the day of the week (UTC)."""

from random import Random

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 9, 15, 18, 17, 15, 12, 14, 16, 16, 14, 11, 8, 6, 5, 4, 3, 2)
_BY_WEEKDAY = (1.25, 1.2, 1.15, 1.1, 1.0, 0.35, 0.25)
_MEAN = sum(_BY_HOUR) / 24 * sum(_BY_WEEKDAY) / 7
_SHARES = tuple(day * hour / _MEAN for day in _BY_WEEKDAY for hour in _BY_HOUR)
_MONDAY = 4 * DAY  # 1970-01-05
_DESK_OPENS, _DESK_CLOSES = 7, 19


def _hour_of_week(at: int) -> int:
    return (at - _MONDAY) // HOUR % 168


class Arrivals:
    """New contacts with support: `per_day` on average, busy on weekday mornings, quiet at night."""

    def __init__(self, rng: Random, start: int, per_day: float) -> None:
        self._rng = rng
        self._at = float(start)
        self._per_millisecond = per_day / DAY

    def next(self) -> int:
        """The time of the next one, in UTC milliseconds. Within an hour they come at random (a Poisson process)."""
        while True:
            hour = int(self._at) // HOUR
            rate = self._per_millisecond * _SHARES[_hour_of_week(int(self._at))]
            at = self._at + self._rng.expovariate(rate)
            if at // HOUR == hour:
                self._at = at
                return int(at)
            self._at = float((hour + 1) * HOUR)


def when_the_desk_is_open(at: int) -> int:
    """`at`, or the next opening of the desk, so many minutes past the hour as `at` is."""
    hour = _hour_of_week(at)
    while not (_DESK_OPENS <= hour % 24 < _DESK_CLOSES and hour < 120):
        at += HOUR
        hour = (hour + 1) % 168
    return at
