"""The 64 latest messages of both sides, packed.

A message takes 24 bytes: time (48 bits), id hash (64), reading (16), conversation (32), ticket (32). The records lie
one after the other in the order of (time, id hash), which is also the order of their bytes: of a set of messages the
latest 64 remain, whatever the order in which they arrive.

The reading's high byte is what it is (3 bits: a customer's without a label, negative, neutral, positive; an agent's, a
bot's, the system's) and its tones (5 bits); the low byte is the classifier's confidence in 1/255.
"""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from models.health.facts.ids import reference
from schemas.base import AuthorKind, SentimentLabel, Tone
from schemas.messages import MessageClassified

KEPT = 64

RECORD = Struct(">HI8sHII")
SIZE = RECORD.size
LIMIT = KEPT * SIZE
_ID_AT = 6
_KEY_SIZE = 14
_READING_AT = 14
_TICKET_AT = 20
_STAMPS_AND_TICKETS = tuple(Struct(">" + messages * "Q12xI") for messages in range(KEPT + 1))
_STAMP_BITS = 16  # of the message's id, after its time
_CONVERSATIONS = tuple(Struct(">" + messages * "16xI4x") for messages in range(KEPT + 1))

LABELS: dict[SentimentLabel | None, int] = {None: 0, "negative": 1, "neutral": 2, "positive": 3}
AGENT, BOT, SYSTEM = 4, 5, 6
_OTHERS: dict[AuthorKind, int] = {"agent": AGENT, "bot": BOT, "system": SYSTEM}
_TONES: dict[Tone, int] = {"frustrated": 1, "sad": 2, "grateful": 4, "happy": 8, "confused": 16}
_NOT_CUSTOMERS = bytes(range(AGENT << 5, 256))
_LABEL_OF_READING = bytes(byte >> 5 if byte >> 5 < AGENT else 0 for byte in range(256))

DAY_MS = 86_400_000
# A conversation may be a ticket's or a day's; these keep the three sorts of names apart.
_TICKET_CONVERSATION = 0x7469636B
_DAY_CONVERSATION = 0x64617973


class Message(NamedTuple):
    """A kept message. `tones` is a bit mask in the order of `schemas.base.Tone`; `ticket` is 0 without one."""

    at: int
    id: bytes
    kind: int
    tones: int
    confidence: float
    conversation: int
    ticket: int


def add_message(kept: bytes, fact: MessageClassified, message: bytes, at: int, ticket: int) -> bytes:
    """`kept` with the message of a fact that occurred at `at`; the same bytes if it changes nothing.

    `message` is the hash of its id, `ticket` the reference of its ticket, or 0. Of two facts about one message the one
    that occurred later counts.
    """
    record = RECORD.pack(at >> 32, at & 0xFFFFFFFF, message, _reading(fact), _conversation(fact, at, ticket), ticket)
    known = find_message(kept, message)
    if known >= 0:
        if record <= kept[known : known + SIZE]:
            return kept
        kept = kept[:known] + kept[known + SIZE :]
    elif len(kept) == LIMIT and record[:_KEY_SIZE] < kept[:_KEY_SIZE]:
        return kept
    position = len(kept)
    while position and kept[position - SIZE : position] > record:
        position -= SIZE
    return (kept[:position] + record + kept[position:])[-LIMIT:]


def join_messages(kept: bytes, other: bytes) -> bytes:
    """The latest 64 of the messages of both; of two records of one message the later one."""
    records = sorted(both[place : place + SIZE] for both in (kept, other) for place in range(0, len(both), SIZE))
    return b"".join(sorted({record[_ID_AT:_KEY_SIZE]: record for record in records}.values()))[-LIMIT:]


def find_message(kept: bytes, message: bytes) -> int:
    """Where the record of a message begins, or -1."""
    found = kept.find(message, _ID_AT)
    while found >= 0 and found % SIZE != _ID_AT:
        found = kept.find(message, found + 1)
    return found - _ID_AT if found >= 0 else -1


def customer_messages(kept: bytes) -> int:
    """How many of the kept messages are the customer's own."""
    return len(kept[_READING_AT::SIZE].translate(None, _NOT_CUSTOMERS))


def labels(kept: bytes) -> bytes:
    """For each kept message, oldest first, its label (negative 1, neutral 2, positive 3) or 0 if it has none.

    Messages of others than the customer have none.
    """
    return kept[_READING_AT::SIZE].translate(_LABEL_OF_READING)


def readings(kept: bytes) -> bytes:
    """For each kept message, oldest first, what it is (the upper 3 bits) and its tones (the lower 5)."""
    return kept[_READING_AT::SIZE]


def times_of_tickets(kept: bytes) -> dict[int, int]:
    """When each ticket (its reference) was last written on, by the kept messages."""
    both = _STAMPS_AND_TICKETS[len(kept) // SIZE].unpack(kept)
    last = dict(zip(both[1::2], both[::2], strict=True))
    last.pop(0, None)
    return {ticket: stamp >> _STAMP_BITS for ticket, stamp in last.items()}


def conversations_without_ticket(kept: bytes) -> tuple[int, ...]:
    """When the customer last wrote in each conversation that belongs to no ticket, by the kept messages."""
    if 0 not in memoryview(kept).cast("I")[_TICKET_AT // 4 :: SIZE // 4].tolist():
        return ()
    return tuple(
        {
            conversation: high << 32 | low
            for high, low, _, reading, conversation, ticket in RECORD.iter_unpack(kept)
            if not ticket and reading >> 13 < AGENT
        }.values()
    )


def is_customers(kept: bytes, position: int) -> bool:
    """Whether the message whose record begins at `position` is the customer's own."""
    return kept[position + _READING_AT] < AGENT << 5


def conversation_numbers(kept: bytes) -> tuple[int, ...]:
    """For each kept message, oldest first, the number of its conversation."""
    return _CONVERSATIONS[len(kept) // SIZE].unpack(kept)


def time_of(kept: bytes, index: int) -> int:
    """When a kept message was written (UTC milliseconds)."""
    return int.from_bytes(kept[index * SIZE : index * SIZE + _ID_AT])


def messages(kept: bytes) -> Iterator[Message]:
    """The kept messages, oldest first."""
    for high, low, message, reading, conversation, ticket in RECORD.iter_unpack(kept):
        yield Message(
            at=high << 32 | low,
            id=message,
            kind=reading >> 13,
            tones=reading >> 8 & 31,
            confidence=(reading & 255) / 255,
            conversation=conversation,
            ticket=ticket,
        )


def _reading(fact: MessageClassified) -> int:
    if fact.author != "customer":
        return _OTHERS[fact.author] << 13
    tones = 0
    for tone in fact.tones:
        tones |= _TONES[tone]
    confidence = 0 if fact.confidence is None else round(fact.confidence * 255)
    return LABELS[fact.label] << 13 | tones << 8 | confidence


def _conversation(fact: MessageClassified, at: int, ticket: int) -> int:
    if fact.conversation is not None:
        return reference(fact.conversation)
    if fact.ticket is not None:
        return ticket ^ _TICKET_CONVERSATION
    return at // DAY_MS ^ _DAY_CONVERSATION
