import pytest

from schemas.catalogue import DEAD_LETTER_MAX_BYTES
from schemas.decoding import DecodeFailure
from stream.dataplane.delivery.producing import producer_properties
from stream.dataplane.settings import PlaneSettings
from stream.dead_letters import (
    WHOLE_BYTES,
    WINDOW,
    DeadLetter,
    Headers,
    Limit,
    cut_from,
    dead_letter,
    original_headers,
    position,
)
from stream.errors import DeadLetterLimit


class FakeMessage:
    """A consumed record, as far as dead letters look at it."""

    def __init__(self, headers: Headers) -> None:
        self._headers = list(headers)

    def headers(self) -> list[tuple[str, bytes | None]]:
        return self._headers


WHY = DecodeFailure("off_scale", "value is off its scale")


def test_a_dead_letter_keeps_key_value_and_headers_and_says_where_it_came_from() -> None:
    letter = dead_letter("support.surveys", 3, 17, b"k", b"{bad", [("trace", b"1")], WHY)
    assert (letter.topic, letter.key, letter.value) == ("support.surveys-dlq", b"k", b"{bad")
    message = FakeMessage(letter.headers)
    assert position(message) == ("support.surveys", 3, 17, "off_scale", "value is off its scale")
    assert original_headers(message) == [("trace", b"1")]
    assert cut_from(message) is None


def test_headers_are_kept_to_the_byte() -> None:
    headers = [("nothing", None), ("empty", b""), ("bytes", b"\xff\xfe"), ("twice", b"1"), ("twice", b"2")]
    letter = dead_letter("support.surveys", 3, 17, b"k", b"{bad", headers, WHY)
    assert original_headers(FakeMessage(letter.headers)) == headers


def test_a_letter_that_was_sent_again_with_its_headers_is_a_letter_of_its_own() -> None:
    first = dead_letter("support.surveys", 3, 17, b"k", b"{bad", [("heartline_cut_from", b"nonsense")], WHY)
    second = FakeMessage(dead_letter("support.surveys", 0, 99, first.key, first.value, first.headers, WHY).headers)
    assert position(second).offset == 99
    assert cut_from(second) is None


LARGE = b"x" * (DEAD_LETTER_MAX_BYTES + 1)
MANY: Headers = [("", None)] * DEAD_LETTER_MAX_BYTES


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [
        (b"k", LARGE, [("trace", b"1")]),
        (LARGE, b"v", [("trace", b"1")]),
        (b"k", b"v", [("trace", LARGE)]),
        (LARGE, None, [("trace", LARGE)]),
        (None, LARGE, MANY),
    ],
    ids=["value", "key", "header", "key and header", "all"],
)
def test_a_letter_that_its_topic_would_not_take_is_cut_and_says_how_large_it_was(
    key: bytes | None, value: bytes | None, headers: Headers
) -> None:
    letter = dead_letter("support.surveys", 3, 17, key, value, headers, WHY)
    assert taken(letter) < DEAD_LETTER_MAX_BYTES - 1000
    assert (key or b"").startswith(letter.key or b"")
    assert (value or b"").startswith(letter.value or b"")
    message = FakeMessage(letter.headers)
    assert (cut_from(message) or 0) > DEAD_LETTER_MAX_BYTES
    assert position(message) == ("support.surveys", 3, 17, "off_scale", "value is off its scale")


def taken(letter: DeadLetter) -> int:
    """What a letter may take at most in a batch."""
    return sum(len(part or b"") for part in (letter.key, letter.value)) + sum(
        10 + len(name) + len(value or b"") for name, value in letter.headers
    )


def test_what_fits_is_whole() -> None:
    letter = dead_letter("support.surveys", 3, 17, b"", b"x" * WHOLE_BYTES, [], WHY)
    assert (len(letter.value or b""), cut_from(FakeMessage(letter.headers))) == (WHOLE_BYTES, None)


def test_the_producer_may_send_what_the_topics_of_dead_letters_take() -> None:
    settings = PlaneSettings(application="a", worker_id="0", bootstrap="kafka:9092")
    assert producer_properties(settings)["message.max.bytes"] == DEAD_LETTER_MAX_BYTES


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
