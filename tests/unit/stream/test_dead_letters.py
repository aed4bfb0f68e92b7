from collections.abc import Sequence

import pytest

from schemas.decoding import DecodeFailure
from stream.dead_letters import WINDOW, Limit, dead_letter, original_headers, position
from stream.errors import DeadLetterLimit


class FakeMessage:
    """A consumed record, as far as dead letters look at it."""

    def __init__(self, headers: Sequence[tuple[str, bytes]]) -> None:
        self._headers = list(headers)

    def headers(self) -> list[tuple[str, bytes]]:
        return self._headers


WHY = DecodeFailure("off_scale", "value is off its scale")


def test_a_dead_letter_keeps_key_value_and_headers_and_says_where_it_came_from() -> None:
    letter = dead_letter("support.surveys", 3, 17, b"k", b"{bad", [("trace", b"1")], WHY)
    assert (letter.topic, letter.key, letter.value) == ("support.surveys-dlq", b"k", b"{bad")
    message = FakeMessage(letter.headers)
    assert position(message) == ("support.surveys", 3, 17, "off_scale", "value is off its scale")
    assert original_headers(message) == [("trace", b"1")]


def test_the_limit_stops_a_worker_that_puts_most_of_its_records_aside() -> None:
    limit = Limit(0.5)
    limit.count(good=WINDOW // 2, bad=WINDOW // 4)
    with pytest.raises(DeadLetterLimit, match="heartline dlq list"):
        limit.count(good=0, bad=WINDOW)


def test_the_limit_waits_for_enough_records() -> None:
    Limit(0.5).count(good=0, bad=WINDOW - 1)


def test_the_limit_forgets_what_is_long_ago() -> None:
    limit = Limit(0.5)
    for _ in range(100):
        limit.count(good=WINDOW, bad=0)
    with pytest.raises(DeadLetterLimit):
        limit.count(good=0, bad=2 * WINDOW)


def test_a_limit_of_one_never_stops() -> None:
    Limit(1.0).count(good=0, bad=10 * WINDOW)
