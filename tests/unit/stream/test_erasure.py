"""What a rewriting leaves out of each log."""

from datetime import UTC, datetime

import pytest
from confluent_kafka import Message

from schemas.control import ContactMerged
from schemas.decoding import encode
from schemas.profiles import ContactUpdated
from schemas.signals import Signal
from stream import erasure

NOW = 1_767_225_600_000


@pytest.mark.parametrize("value", [None, b"", b"{}", b"not JSON", b"\xff", encode({"fact": {"type": "unknown"}})])
def test_what_says_nothing_of_a_contact_is_kept(value: bytes | None) -> None:
    message = Message(topic="any", partition=0, offset=1, key=b"default/quill", value=value, timestamp=(1, 1))
    assert not erasure._is_closed_before(message, "default", {"quill": 1})
    assert not erasure._is_given_before(message, "default", {"quill": 1})
    assert not erasure._is_said_before(message, "default", {"quill"}, 1)


def test_what_was_done_under_a_merged_name_goes_with_the_erasure_of_the_person() -> None:
    """Only the key of the person itself has the erasure in the log."""
    base = {"event_id": "e", "occurred_at": datetime.fromtimestamp(NOW / 1000, UTC), "contact": "old"}
    keys, erased = {b"default/quill", b"default/old"}, {b"default/quill": erasure.Erasure(5, NOW)}

    def goes(key: bytes, offset: int, at: int, merge: bool = False) -> bool:
        fact = ContactMerged(**base, into="quill") if merge else ContactUpdated(**base)
        message = Message(topic="any", partition=0, offset=offset, key=key, value=encode(Signal(at=at, fact=fact)))
        return erasure._is_before(message, keys, erased, NOW)

    assert goes(b"default/old", 9, NOW)
    assert not goes(b"default/old", 9, NOW + 1)
    assert not goes(b"default/old", 9, NOW, merge=True)
    assert goes(b"default/quill", 4, NOW + 1)
    assert not goes(b"default/quill", 6, NOW)
    assert not goes(b"default/ann", 1, NOW)
