from datetime import UTC, datetime, timedelta

import pytest

from schemas.base import Event
from schemas.control import ContactErased, ContactMerged
from stream.merges import Merges

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def merged(contact: str, into: str, minute: int, tenant: str = "acme") -> ContactMerged:
    at = NOON + timedelta(minutes=minute)
    return ContactMerged(event_id=f"{contact}-{minute}", occurred_at=at, tenant=tenant, contact=contact, into=into)


def erased(contact: str) -> ContactErased:
    return ContactErased(event_id=f"erased-{contact}", occurred_at=NOON, tenant="acme", contact=contact)


@pytest.mark.parametrize(
    ("events", "accepted"),
    [
        ([merged("a", "b", 0), merged("b", "c", 1), merged("d", "a", 2)], [True, True, True]),
        ([merged("a", "b", 0), merged("b", "a", 1)], [True, False]),
        ([merged("a", "b", 0), merged("b", "c", 1), merged("c", "a", 2), merged("c", "d", 3)], [1, 1, 0, 1]),
        ([merged("a", "b", 0), merged("b", "a", 1, tenant="other")], [True, True]),
        ([merged("a", "b", 0), merged("a", "b", 0)], [True, True]),
        ([merged("a", "b", 0), erased("a"), merged("b", "a", 1)], [True, True, True]),
        ([merged("a", "b", 5), merged("a", "c", 0), merged("b", "a", 6)], [True, True, False]),
    ],
    ids=["a chain", "a circle of two", "a circle of three", "tenants", "twice", "after an erasure", "an older word"],
)  # fmt: skip
def test_a_merge_is_accepted_unless_it_closes_a_circle(events: list[Event], accepted: list[bool | int]) -> None:
    merges = Merges()
    assert [merges.accepts(event) for event in events] == accepted


def test_a_contact_is_known_by_all_names_that_lead_to_it() -> None:
    merges = Merges()
    for event in (merged("a", "b", 0), merged("b", "c", 1), merged("x", "y", 2)):
        merges.accepts(event)
    assert merges.known_as("acme", "c") == {"a", "b", "c"}
    assert merges.known_as("acme", "a") == {"a"}
