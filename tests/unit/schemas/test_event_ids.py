import uuid

from hypothesis import given
from hypothesis import strategies as st

from schemas.event_ids import NAMESPACE, event_id

PARTS = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=40)


@given(PARTS, PARTS, PARTS, st.integers(0) | PARTS)
def test_an_event_id_is_the_uuid5_of_its_parts(tenant: str, subject: str, kind: str, seq: int | str) -> None:
    assert event_id(tenant, subject, kind, seq) == str(uuid.uuid5(NAMESPACE, f"{tenant}\n{subject}\n{kind}\n{seq}"))


def test_the_namespace_never_changes() -> None:
    assert uuid.uuid5(uuid.NAMESPACE_URL, "urn:heartline:events") == NAMESPACE
    assert event_id("acme", "c1", "score", 1) == "3fb54959-e4ed-5845-83dd-c8c4c6e1c35b"


@given(st.tuples(PARTS, PARTS, PARTS, st.integers(0)), st.tuples(PARTS, PARTS, PARTS, st.integers(0)))
def test_two_records_never_share_an_id(one: tuple[str, str, str, int], other: tuple[str, str, str, int]) -> None:
    assert (event_id(*one) == event_id(*other)) == (one == other)
