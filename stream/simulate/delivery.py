"""How events reach us from a real source: mostly in order, but some twice, some late, some after younger ones."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple

from schemas.base import Event, from_milliseconds, to_milliseconds
from stream.simulate.rhythm import DAY, MINUTE


class Delivery(NamedTuple):
    """An event and the time at which it reaches us, never before it occurred."""

    at: datetime
    event: Event


def deliver(
    events: Iterable[Event],
    *,
    seed: int = 1,
    duplicates: float = 0.0,
    late: float = 0.0,
    out_of_order: float = 0.0,
) -> Iterator[Delivery]:
    """`events` (in the order of `occurred_at`) in the order in which they arrive.

    The shares say how many are delivered a second time within two days, 1 to 10 days late, or up to ten minutes after
    they occurred (so behind younger ones).
    """
    rng, number = Random(seed), 0
    underway: list[tuple[int, int, Event]] = []
    for event in events:
        occurred = to_milliseconds(event.occurred_at)
        yield from _arrived(underway, occurred)
        at = occurred + _delay(rng, late, out_of_order)
        heappush(underway, (at, number, event))
        number += 1
        if rng.random() < duplicates:
            heappush(underway, (at + int(rng.random() ** 4 * 2 * DAY), number, event))
            number += 1
    yield from _arrived(underway, None)


def _delay(rng: Random, late: float, out_of_order: float) -> int:
    chance = rng.random()
    if chance < late:
        return DAY + int(rng.random() * 9 * DAY)
    if chance < late + out_of_order:
        return 1 + int(rng.random() * 10 * MINUTE)
    return 0


def _arrived(underway: list[tuple[int, int, Event]], until: int | None) -> Iterator[Delivery]:
    while underway and (until is None or underway[0][0] <= until):
        at, _, event = heappop(underway)
        yield Delivery(from_milliseconds(at), event)
