"""The simulated helpdesk: many stories told at once, in the order of time."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count

from schemas.base import DEFAULT_TENANT, Event, from_milliseconds, to_milliseconds
from schemas.control import TenantRegistered
from stream.simulate.desk import Desk, Story
from stream.simulate.feedback import nps, review
from stream.simulate.modelling import models_published
from stream.simulate.occasions import account_changed, chat, contact_changed, erased, merged, overridden
from stream.simulate.rhythm import DAY, Arrivals
from stream.simulate.tickets import ticket

Teller = Callable[[Desk, int, int], Story]

# How many of 10,000 stories are of each kind.
_EVERYDAY: tuple[tuple[int, Teller], ...] = (
    (5_700, ticket),
    (2_600, chat),
    (1_000, nps),
    (200, review),
    (200, contact_changed),
    (200, account_changed),
)
_DECISIONS: tuple[tuple[int, Teller], ...] = ((80, overridden), (12, erased), (8, merged))

CASES_PER_CONTACT_AND_DAY = 0.025
EVENTS_PER_CASE = 7.2
DEFAULT_START = datetime(2026, 1, 5, tzinfo=UTC)


def simulate(
    *,
    seed: int = 1,
    contacts: int = 1_000,
    start: datetime = DEFAULT_START,
    days: float | None = None,
    events: int | None = None,
    tenants: Sequence[str] = (DEFAULT_TENANT,),
    decisions: bool = True,
    models_every_days: float | None = None,
) -> Iterator[Event]:
    """The events of a helpdesk with so many `contacts`, in the order of `occurred_at`, endless unless told otherwise.

    It ends `days` after `start`, or with the event number `events`, whichever comes first; where both are given it is
    so busy that it has about that many events in those days, else each contact has a reason to write every 40 days.
    With `decisions` people also override, erase and merge now and then, and the tenants are registered first. With
    `models_every_days` a tenant publishes a model that often (each re-scores all of its contacts). The same arguments
    give the same events. Raises ValueError for a helpdesk without contacts, tenants or time.
    """
    if contacts < 1 or not tenants or (days is not None and days <= 0) or (events is not None and events < 0):
        raise ValueError("a helpdesk needs a contact, a tenant, and days and events above 0")
    first = to_milliseconds(start)
    last = first + int(days * DAY) if days is not None else None
    per_day = events / EVENTS_PER_CASE / days if days and events else contacts * CASES_PER_CONTACT_AND_DAY
    desk = Desk(seed, contacts, tenants, start)
    openings = [_registered(tenants, first)] if decisions else []
    if models_every_days is not None:
        openings.append(models_published(desk, tenants, first, models_every_days))
    happenings = _all(desk, first, per_day, openings, _table(_EVERYDAY + _DECISIONS if decisions else _EVERYDAY))
    for number, (at, event) in enumerate(happenings):
        if (events is not None and number >= events) or (last is not None and at >= last):
            return
        yield event


def _all(desk: Desk, start: int, per_day: float, openings: list[Story], tellers: Sequence[Teller]) -> Story:
    arrivals = Arrivals(desk.rng, start, per_day)
    rng, people, tie = desk.rng, desk.people, count()
    stories: list[tuple[int, int, Event, Story]] = []
    for opening in openings:
        _tell_on(stories, opening, tie)
    arrival = arrivals.next()
    while True:
        while not stories or arrival <= stories[0][0]:
            story = tellers[int(rng.random() * len(tellers))](desk, people.any_contact(), arrival)
            _tell_on(stories, story, tie)
            arrival = arrivals.next()
        at, _, event, story = heappop(stories)
        yield at, event
        _tell_on(stories, story, tie)


def _tell_on(stories: list[tuple[int, int, Event, Story]], story: Story, tie: Iterator[int]) -> None:
    happening = next(story, None)
    if happening is not None:
        heappush(stories, (happening[0], next(tie), happening[1], story))


def _registered(tenants: Sequence[str], at: int) -> Story:
    for tenant in tenants:
        yield at, TenantRegistered(event_id=f"registered-{tenant}", occurred_at=from_milliseconds(at), tenant=tenant)


def _table(shares: Sequence[tuple[int, Teller]]) -> tuple[Teller, ...]:
    return tuple(teller for share, teller in shares for _ in range(share))
