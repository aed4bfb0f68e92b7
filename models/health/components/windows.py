"""What a window of time holds of a row: its own tickets, one by one or, once they left the list, by day.

A time is in a window of `age` while it is at most that old (or ahead of the clock). Of what left the list only whole
days are known: such a day is in the window while its beginning is.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache

from models.health.facts.buckets import Bucket
from models.health.facts.messages import DAY_MS
from models.health.facts.tickets import Ticket, packed_is_here
from models.health.state import ContactState

EVER = 1 << 62
"""Later than any time."""
SHARED = 16
"""How many rows' facts are kept unpacked: those of the present signal, which several factors ask for several times."""


def own_tickets(state: ContactState) -> tuple[Ticket, ...]:
    """The listed tickets that are this contact's. To be read only: factors of one signal share them."""
    return unpacked(tuple(state.tickets)) if state.tickets else ()


@lru_cache(maxsize=SHARED)
def unpacked(packed: tuple[bytes, ...]) -> tuple[Ticket, ...]:
    """Those of the packed tickets that are this contact's."""
    return tuple([Ticket.unpack(one) for one in packed if packed_is_here(one)])


def began(bucket: Bucket) -> int:
    """When the day of a bucket began (UTC milliseconds)."""
    return bucket.day * DAY_MS


def ended(bucket: Bucket) -> int:
    """The last millisecond of a bucket's day."""
    return (bucket.day + 1) * DAY_MS - 1


def opened_between(state: ContactState, since: int, before: int = EVER) -> int:
    """How many tickets were opened from `since` on and before another time."""
    times = own_opened(state)
    listed = bisect_left(times, before) - bisect_left(times, since)
    if not state.buckets:
        return listed
    return listed + sum(bucket.tickets for bucket in state.buckets if since <= began(bucket) < before)


def times_opened(state: ContactState) -> Sequence[int]:
    """The times that windows of opened tickets count by, in order."""
    times = own_opened(state)
    if not state.buckets:
        return times
    return sorted([*times, *(began(bucket) for bucket in state.buckets if bucket.tickets)])


def own_opened(state: ContactState) -> tuple[int, ...]:
    """When the listed tickets that are this contact's were opened, in order."""
    return _opened(tuple(state.tickets)) if state.tickets else ()


@lru_cache(maxsize=SHARED)
def _opened(packed: tuple[bytes, ...]) -> tuple[int, ...]:
    return tuple(sorted([ticket.opened_at for ticket in unpacked(packed)]))


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
