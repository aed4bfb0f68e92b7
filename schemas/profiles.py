"""Events of `support.contacts` and `support.accounts`.

Each is the whole profile as it is at `occurred_at`; what is left out is not known.
"""

from typing import Annotated

import msgspec

from schemas.base import ContactEvent, Count, Event, Name, SubjectId, UtcTime

AttributeName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
AttributeValue = Name | bool | float
Attributes = Annotated[dict[AttributeName, AttributeValue], msgspec.Meta(max_length=32)]


class ContactUpdated(ContactEvent, frozen=True, kw_only=True, gc=False, tag="contact.updated"):
    """A contact's profile. `name` goes to `health.profiles` alone; segments of a model may use `attributes`."""

    name: Name | None = None
    account: SubjectId | None = None
    customer_since: UtcTime | None = None
    role: Name | None = None
    decision_maker: bool | None = None
    in_role_since: UtcTime | None = None
    csm: SubjectId | None = None
    team: SubjectId | None = None
    division: SubjectId | None = None
    attributes: Attributes = msgspec.field(default_factory=dict)


class AccountUpdated(Event, frozen=True, kw_only=True, gc=False, tag="account.updated"):
    """An account's profile: size, orders, renewal, and the people and units it belongs to."""

    account: SubjectId
    name: Name | None = None
    customer_since: UtcTime | None = None
    renewal_at: UtcTime | None = None
    seats: Count | None = None
    orders: Count | None = None
    last_order_at: UtcTime | None = None
    csm: SubjectId | None = None
    team: SubjectId | None = None
    division: SubjectId | None = None
    attributes: Attributes = msgspec.field(default_factory=dict)


class ProfileChanged(Event, frozen=True, kw_only=True, gc=False, tag="profile.changed"):
    """`health.profiles`: what a page shows beside a score (compacted; the only topic of ours with names)."""

    contact: SubjectId | None = None
    account: SubjectId | None = None
    name: Name | None = None


SupportContact = ContactUpdated
SupportAccount = AccountUpdated
