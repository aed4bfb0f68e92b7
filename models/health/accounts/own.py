"""What an account tells of itself: its profile, the seats it had, reviews in its name, a band set by hand.

All of it is one value that is replaced, never changed, so that the close of a day can look at what it was then.
"""

from bisect import bisect_right, insort

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

KEPT_MS = 90 * DAY_MS
KEPT_SIZES = 32


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
    """How many seats, or orders where seats are not known, from a time on; ordered by time, then event id."""

    at: int
    event_id: str
    count: int


class Own(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an account tells of itself. `sizes`: those of the last 90 days, and the one before."""

    profile: AccountProfile | None = None
    sizes: tuple[Size, ...] = ()
    reviews: tuple[Review, ...] = ()
    override: Override | None = None


def told(own: Own, fact: OwnFact) -> Own:
    """What it tells after a fact: the same object if the fact says nothing new."""
    at = to_milliseconds(fact.occurred_at)
    if isinstance(fact, AccountUpdated):
        return _profiled(own, fact, at)
    if isinstance(fact, ReviewPosted):
        reviews = list(own.reviews)
        return msgspec.structs.replace(own, reviews=tuple(reviews)) if add_review(reviews, fact, at) else own
    changed, override = newer_override(own.override, fact, at)
    return msgspec.structs.replace(own, override=override) if changed else own


def _profiled(own: Own, fact: AccountUpdated, at: int) -> Own:
    sizes = _sized(own.sizes, fact, at)
    old = own.profile
    if old is not None and (at, fact.event_id) <= (old.at, old.event_id):
        return own if sizes == own.sizes else msgspec.structs.replace(own, sizes=sizes)
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
    return msgspec.structs.replace(own, profile=profile, sizes=sizes)


def _sized(sizes: tuple[Size, ...], fact: AccountUpdated, at: int) -> tuple[Size, ...]:
    """With one more size, whenever it comes; without what is too old to matter to the latest."""
    count = fact.seats if fact.seats is not None else fact.orders
    if count is None or any((size.at, size.event_id) == (at, fact.event_id) for size in sizes):
        return sizes
    kept = list(sizes)
    insort(kept, Size(at, fact.event_id, count))
    before = bisect_right(kept, kept[-1].at - KEPT_MS, key=lambda size: size.at) - 1
    return tuple(kept[max(0, before, len(kept) - KEPT_SIZES) :])
