"""How a row is stored: its version, its size."""

import msgspec
import pytest

from models.health.errors import BadState, NewerStateVersion
from models.health.state import STATE_VERSION, ContactState, decode, encode
from tests.unit.models.health.building import Row, answer, message, opened, profile, replied, solved


def busy_row() -> Row:
    """Twelve messages, three tickets, three answers and eight closes."""
    row = Row(profile(0, event="profile-000001", account="account-77", customer_since=message(-400).occurred_at))
    for n in range(12):
        if n % 2:
            row.feed(message(n, None, author="agent", conversation=f"c{n // 3}", ticket=f"t{n // 4}"))
        else:
            row.feed(message(n, "positive", conversation=f"c{n // 3}", ticket=f"t{n // 4}"))
        if n % 4 == 0:
            row.feed(opened(n, f"t{n // 4}"))
            row.feed(answer(n + 0.1, n / 2, ("nps", "csat", "ces")[n // 4], event=f"answer-{n:06d}"))
            row.feed(replied(n + 0.2, f"t{n // 4}", "agent"))
            row.feed(solved(n + 0.3, f"t{n // 4}"))
    for n in range(8):
        row.feed(answer(12 + n, n, event="answer-000099", answer="the same"))
        row.tick(12.5 + n)
    return row


def test_a_row_is_a_msgpack_array_that_begins_with_its_version() -> None:
    assert msgspec.msgpack.decode(encode(ContactState()))[0] == STATE_VERSION == 1


def test_a_row_comes_back_as_it_was_stored() -> None:
    row = busy_row().facts
    assert decode(encode(row)) == row


def test_a_row_of_a_newer_version_is_refused_with_an_error_that_names_both() -> None:
    data = bytearray(encode(ContactState()))
    data[3] = 9
    with pytest.raises(NewerStateVersion, match=r"has version 9.*up to 1"):
        decode(bytes(data))


@pytest.mark.parametrize("data", [b"", b"\x00", b"rubbish, not a row", encode(ContactState())[:-1]])
def test_bytes_that_are_no_row_are_refused(data: bytes) -> None:
    with pytest.raises(BadState, match="replay the log"):
        decode(data)


def test_an_older_reader_would_ignore_fields_added_at_the_end() -> None:
    fields = msgspec.msgpack.decode(encode(ContactState()))
    assert decode(msgspec.msgpack.encode([*fields, "a field of tomorrow"])) == ContactState()


def test_a_row_stays_small() -> None:
    """Golden: when this grows, the changelog, the disk and every restore grow with it."""
    assert len(encode(ContactState())) == 32
    assert len(encode(Row(message(0)).facts)) == 166
    assert len(encode(busy_row().facts)) == 1149
