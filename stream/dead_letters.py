"""Dead letters: records that cannot be used, put aside with the reason and the place they came from.

Whole, up to what their topics take. Of a larger one the beginning is put aside, and how large it was: the record itself
is where it came from, for as long as its topic keeps it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from confluent_kafka import Message

from schemas.catalogue import DEAD_LETTER_MAX_BYTES
from schemas.decoding import DecodeFailure
from schemas.headers import DEAD_LETTER_CUT_FROM as CUT_FROM
from schemas.headers import DEAD_LETTER_DETAIL as DETAIL
from schemas.headers import DEAD_LETTER_OFFSET as OFFSET
from schemas.headers import DEAD_LETTER_PARTITION as PARTITION
from schemas.headers import DEAD_LETTER_REASON as REASON
from schemas.headers import DEAD_LETTER_TOPIC as TOPIC
from stream.errors import DeadLetterLimit

Headers = Sequence[tuple[str, bytes | None]]

OUR_HEADERS = frozenset({REASON, DETAIL, TOPIC, PARTITION, OFFSET, CUT_FROM})
# The rest is for our own headers, and for what a batch adds.
WHOLE_BYTES = DEAD_LETTER_MAX_BYTES - (1 << 20)
# Most that the lengths of a header's name and value take.
_LENGTHS_BYTES = 10

WINDOW = 1000


class DeadLetter(NamedTuple):
    """A bad record as it was:

    to be sent to `topic` under the original key, so that a subject's bad records stay in order.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def dead_letter(
    source: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    why: DecodeFailure,
) -> DeadLetter:
    """The dead letter of one record."""
    added = [
        (REASON, why.reason.encode()),
        (DETAIL, why.detail.encode()),
        (TOPIC, source.encode()),
        (PARTITION, str(partition).encode()),
        (OFFSET, str(offset).encode()),
    ]
    size = _size(key, value, headers)
    if size > WHOLE_BYTES:
        added.append((CUT_FROM, str(size).encode()))
        key, value, headers = _beginning(key, value, headers)
    return DeadLetter(f"{source}-dlq", key, value, [*headers, *added])


def _size(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    lengths = (len(name.encode()) + len(said or b"") + _LENGTHS_BYTES for name, said in headers)
    return len(key or b"") + len(value or b"") + sum(lengths)


def _beginning(key: bytes | None, value: bytes | None, headers: Headers) -> tuple[bytes | None, bytes | None, Headers]:
    """As much as fits: it may be any of the three that is too large."""
    key = key and key[:WHOLE_BYTES]
    if _size(key, None, headers) > WHOLE_BYTES:
        headers = ()
    return key, value and value[: WHOLE_BYTES - _size(key, None, headers)], headers


class Position(NamedTuple):
    """Where a dead letter came from, and why it is one."""

    topic: str
    partition: int
    offset: int
    reason: str
    detail: str


def position(message: Message) -> Position:
    """What the headers of a dead letter say."""
    headers = {
        name: (value or b"").decode(errors="replace") for name, value in _headers(message) if name in OUR_HEADERS
    }
    return Position(
        headers.get(TOPIC, ""),
        int(headers.get(PARTITION, -1)),
        int(headers.get(OFFSET, -1)),
        headers.get(REASON, ""),
        headers.get(DETAIL, ""),
    )


def cut_from(message: Message) -> int | None:
    """How many bytes the record of a dead letter had that is only its beginning; None of one that is whole."""
    # Ours is the last header; a record that was sent with the headers of another letter may bring one along.
    name, value = (_headers(message) or [("", None)])[-1]
    return int(value or b"") if name == CUT_FROM else None


def original_headers(message: Message) -> Headers:
    """The headers that the record had before it became a dead letter."""
    return [(name, value) for name, value in _headers(message) if name not in OUR_HEADERS]


def _headers(message: Message) -> Headers:
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, value.encode() if isinstance(value, str) else value) for name, value in pairs]


class Limit:
    """Stops a worker that puts too much aside: a bad deploy must not empty a topic into its dead letters.

    The share is measured over the last 1,000 records, once as many have been seen.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._good = self._bad = 0

    def count(self, good: int, bad: int) -> None:
        """Count records; raises `DeadLetterLimit`."""
        self._good += good
        self._bad += bad
        total = self._good + self._bad
        if total < WINDOW:
            return
        if self._bad > self._share * total and self._share < 1:
            raise DeadLetterLimit(
                f"{self._bad} of the last {total} records were refused, more than the limit of {self._share:.0%}: "
                "look at them with "
                "`heartline dlq list`; if they really are bad, raise HEARTLINE_DEAD_LETTER_LIMIT (1 turns it off)"
            )
        keep = WINDOW / 2 / total
        self._good, self._bad = int(self._good * keep), int(self._bad * keep)
