"""What a window of time holds of a row: its own tickets, one by one or, once they left the list, by day.

A time is in a window of `age` while it is at most that old (or ahead of the clock). Of what left the list only whole
days are known: such a day is in the window while its beginning is.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from models.health.components.own_tickets import own_tickets
from models.health.facts.buckets import Bucket
from models.health.facts.messages import DAY_MS
from models.health.state import ContactState

EVER = 1 << 62
"""Later than any time."""


def began(bucket: Bucket) -> int:
    """When the day of a bucket began (UTC milliseconds)."""
    return bucket.day * DAY_MS


def ended(bucket: Bucket) -> int:
    """The last millisecond of a bucket's day."""
    return (bucket.day + 1) * DAY_MS - 1


def opened_between(state: ContactState, since: int, before: int = EVER) -> int:
    """How many tickets were opened from `since` on and before another time."""
    times = own_tickets(state).opened
    listed = bisect_left(times, before) - bisect_left(times, since)
    if not state.buckets:
        return listed
    return listed + sum(bucket.tickets for bucket in state.buckets if since <= began(bucket) < before)


def times_opened(state: ContactState) -> Sequence[int]:
    """The times that windows of opened tickets count by, in order."""
    times = own_tickets(state).opened
    if not state.buckets:
        return times
    return sorted([*times, *(began(bucket) for bucket in state.buckets if bucket.tickets)])


def next_to_leave(times: Sequence[int], age: int, now: int) -> int | None:
    """The first millisecond after `now` at which one of these times, which are in order, leaves a window."""
    first = bisect_left(times, now - age)
    return None if first == len(times) else times[first] + age + 1


def earliest(*times: int | None) -> int | None:
    """The first of the times that there are."""
    return min([time for time in times if time is not None], default=None)


def median(values: Iterable[int]) -> float:
    """The middle value, or the mean of the two in the middle. Of nothing there is none."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
