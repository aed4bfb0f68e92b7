"""Segments: which contacts of a tenant are scored by other parameters than the rest."""

from typing import Annotated

import msgspec

from models.health.facts.profile import Profile
from schemas.base import Name
from schemas.profiles import AttributeName, AttributeValue

Words = Name | Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=100)]
Values = AttributeValue | Annotated[tuple[AttributeValue, ...], msgspec.Meta(min_length=1, max_length=100)]


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A predicate on a contact's profile: every field named must have the value, or one of the values listed.

    A field that is not known of a contact has none of them.
    """

    account: Words | None = None
    csm: Words | None = None
    team: Words | None = None
    division: Words | None = None
    role: Words | None = None
    decision_maker: bool | None = None
    attributes: Annotated[dict[AttributeName, Values], msgspec.Meta(max_length=32)] = msgspec.field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        if not self.attributes and all(getattr(self, name) is None for name in FIELDS):
            raise ValueError("it names no field, and so would hold for everybody: leave the segment out instead")

    def holds(self, profile: Profile | None) -> bool:
        """Whether a contact with this profile is meant."""
        if profile is None:
            return False
        for name in FIELDS:
            wanted = getattr(self, name)
            if wanted is not None and not _among(getattr(profile, name), wanted):
                return False
        known = profile.attributes
        return all(name in known and _among(known[name], wanted) for name, wanted in self.attributes.items())

    def covers(self, other: "When") -> bool:
        """Whether everybody whom another predicate means is meant by this one too, however it is spelt."""
        return all(_covers(getattr(self, name), getattr(other, name)) for name in FIELDS) and all(
            _covers(wanted, other.attributes.get(name)) for name, wanted in self.attributes.items()
        )


FIELDS = tuple(name for name in When.__struct_fields__ if name != "attributes")


def _among(value: AttributeValue | None, wanted: Values) -> bool:
    """Whether a value is what is wanted: true is not 1."""
    if isinstance(wanted, tuple):
        return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in wanted)
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _covers(wanted: Values | None, other: Values | None) -> bool:
    return wanted is None or (other is not None and _meant(other) <= _meant(wanted))


def _meant(values: Values) -> set[tuple[bool, AttributeValue]]:
    listed = values if isinstance(values, tuple) else (values,)
    return {(isinstance(one, bool), one) for one in listed}
