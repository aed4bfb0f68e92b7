"""What an account tells of itself: its profile, the seats it had, reviews in its name, a band set by hand.

All of it is one value that is replaced, never changed, so that the close of a day can look at what it was then.
"""

import msgspec

from models.health.facts.messages import DAY_MS
from models.health.facts.override import Override, newer_override
from models.health.facts.reviews import Review, add_review
from schemas.base import to_milliseconds
from schemas.control import OverrideCleared, OverrideSet
from schemas.profiles import AccountUpdated, AttributeValue
from schemas.surveys import ReviewPosted

OwnFact = AccountUpdated | ReviewPosted | OverrideSet | OverrideCleared
OWN_FACTS = (AccountUpdated, ReviewPosted, OverrideSet, OverrideCleared)

KEPT_DAYS = 90


class AccountProfile(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A profile as it was at `at`. Times in UTC milliseconds; None is "not known". No name: that is
    `health.profiles`.
    """

    at: int
    event_id: str
    customer_since: int | None = None
    renewal_at: int | None = None
    seats: int | None = None
    orders: int | None = None
    last_order_at: int | None = None
    csm: str | None = None
    team: str | None = None
    division: str | None = None
    attributes: dict[str, AttributeValue] = msgspec.field(default_factory=dict)


class Size(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """How many seats, or orders, from a time on; ordered by time, then event id."""

    at: int
    event_id: str
    count: int


class Own(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an account tells of itself. `seats` and `orders`: what is kept of the last 90 days, and the one before."""

    profile: AccountProfile | None = None
    seats: tuple[Size, ...] = ()
    orders: tuple[Size, ...] = ()
    reviews: tuple[Review, ...] = ()
    override: Override | None = None


def told(own: Own, fact: OwnFact) -> Own:
    """What it tells after a fact: the same if the fact says nothing new."""
    at = to_milliseconds(fact.occurred_at)
    if isinstance(fact, AccountUpdated):
        return _profiled(own, fact, at)
    if isinstance(fact, ReviewPosted):
        reviews = list(own.reviews)
        return msgspec.structs.replace(own, reviews=tuple(reviews)) if add_review(reviews, fact, at) else own
    changed, override = newer_override(own.override, fact, at)
    return msgspec.structs.replace(own, override=override) if changed else own


def _profiled(own: Own, fact: AccountUpdated, at: int) -> Own:
    own = msgspec.structs.replace(
        own,
        seats=_sized(own.seats, fact.seats, at, fact.event_id),
        orders=_sized(own.orders, fact.orders, at, fact.event_id),
    )
    old = own.profile
    if old is not None and (at, fact.event_id) <= (old.at, old.event_id):
        return own
    profile = AccountProfile(
        at=at,
        event_id=fact.event_id,
        customer_since=None if fact.customer_since is None else to_milliseconds(fact.customer_since),
        renewal_at=None if fact.renewal_at is None else to_milliseconds(fact.renewal_at),
        seats=fact.seats,
        orders=fact.orders,
        last_order_at=None if fact.last_order_at is None else to_milliseconds(fact.last_order_at),
        csm=fact.csm,
        team=fact.team,
        division=fact.division,
        attributes=fact.attributes,
    )
    return msgspec.structs.replace(own, profile=profile)


def _sized(sizes: tuple[Size, ...], count: int | None, at: int, event_id: str) -> tuple[Size, ...]:
    """With one more size, whenever it comes: of each UTC day the first, the lowest and the last one, of the days before
    the latest 90 the last one alone. So what is kept follows from the facts, in whatever order they come.

    The lowest dates a decrease: the last one moves on each time that the same number is told again.
    """
    if count is None or any((size.at, size.event_id) == (at, event_id) for size in sizes):
        return sizes
    days: dict[int, list[Size]] = {}
    for size in sorted([*sizes, Size(at, event_id, count)]):
        days.setdefault(size.at // DAY_MS, []).append(size)
    kept: list[Size] = []
    for day, of_day in days.items():
        if day < max(days) - KEPT_DAYS:
            kept = of_day[-1:]
        else:
            kept += sorted({of_day[0], min(of_day, key=lambda size: size.count), of_day[-1]})
    return tuple(kept)
