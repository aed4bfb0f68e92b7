"""What a rewriting leaves out of each log."""

import pytest
from confluent_kafka import Message

from schemas.decoding import encode
from stream import erasure


@pytest.mark.parametrize("value", [None, b"", b"{}", b"not JSON", b"\xff", encode({"fact": {"type": "unknown"}})])
def test_what_says_nothing_of_a_contact_is_kept(value: bytes | None) -> None:
    message = Message(topic="any", partition=0, offset=1, key=b"default/quill", value=value, timestamp=(1, 1))
    assert not erasure._is_closed_before(message, "default", {"quill": 1})
    assert not erasure._is_given_before(message, "default", {"quill": 1})
    assert not erasure._is_said_before(message, "default", {"quill"}, 1)
