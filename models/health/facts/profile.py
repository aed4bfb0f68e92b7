"""The contact's profile: each fact is the whole of it, the latest counts."""

import msgspec

from models.health.facts.sections import MEMBERSHIP, NOTHING, PROFILE
from schemas.base import to_milliseconds
from schemas.profiles import AttributeValue, ContactUpdated


class Profile(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A profile as it was at `at`. Times in UTC milliseconds; None is "not known". No names: those are
    `health.profiles`.
    """

    at: int
    event_id: str
    account: str | None = None
    csm: str | None = None
    team: str | None = None
    division: str | None = None
    customer_since: int | None = None
    role: str | None = None
    decision_maker: bool | None = None
    in_role_since: int | None = None
    attributes: dict[str, AttributeValue] = msgspec.field(default_factory=dict)


def newer_profile(old: Profile | None, fact: ContactUpdated, at: int) -> tuple[int, Profile | None]:
    """The profile after a fact, and the sections that changed."""
    if old is not None and (at, fact.event_id) <= (old.at, old.event_id):
        return NOTHING, old
    new = Profile(
        at=at,
        event_id=fact.event_id,
        account=fact.account,
        csm=fact.csm,
        team=fact.team,
        division=fact.division,
        customer_since=None if fact.customer_since is None else to_milliseconds(fact.customer_since),
        role=fact.role,
        decision_maker=fact.decision_maker,
        in_role_since=None if fact.in_role_since is None else to_milliseconds(fact.in_role_since),
        attributes=fact.attributes,
    )
    return (PROFILE if membership(old) == membership(new) else PROFILE | MEMBERSHIP), new


def membership(profile: Profile | None) -> tuple[str | None, str | None, str | None, str | None]:
    """Account, CSM, team and division."""
    if profile is None:
        return None, None, None, None
    return profile.account, profile.csm, profile.team, profile.division
