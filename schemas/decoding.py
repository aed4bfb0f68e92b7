"""From bytes to records and back. No decoder raises, whatever the bytes: bad input is a value, `DecodeFailure`."""

import re
from collections.abc import Container
from typing import Final, TypeVar

import msgspec

from schemas.base import Event, OffScaleError
from schemas.catalogue import INPUT_TOPIC_OF, TOPICS
from schemas.control import Control
from schemas.door import DecodeFailure, Reason, identifiers_of, impossible_time, in_utc, refusal
from schemas.messages import SupportMessage
from schemas.profiles import SupportAccount, SupportContact
from schemas.signals import AccountSignal, PortfolioSignal, Signal
from schemas.surveys import SupportReview, SupportSurvey
from schemas.tickets import SupportTicket

__all__ = [
    "DecodeFailure",
    "InputEvent",
    "Reason",
    "decode_account_signal",
    "decode_event",
    "decode_portfolio_signal",
    "decode_record",
    "decode_signal",
    "encode",
    "input_topic",
]

MAX_VALUE_BYTES: Final = 4 * 1024 * 1024
"""Room for the longest text in any script; what is longer is not even looked at."""

NOT_UTF8: Final = "a string is not UTF-8"

InputEvent = SupportTicket | SupportMessage | SupportSurvey | SupportContact | SupportAccount | SupportReview | Control

encode = msgspec.json.Encoder().encode
# One decoder for all inputs: it demands the field `type`, which a decoder of a single type would not.
_input = msgspec.json.Decoder(InputEvent)
_signal = msgspec.json.Decoder(Signal)
_account_signal = msgspec.json.Decoder(AccountSignal)
_portfolio_signal = msgspec.json.Decoder(PortfolioSignal)

_OURS: dict[str, msgspec.json.Decoder[msgspec.Struct]] = {
    topic.name: msgspec.json.Decoder(topic.values[0]) for topic in TOPICS.values() if topic.role in ("log", "output")
}

RecordT = TypeVar("RecordT")
EntryT = TypeVar("EntryT", Signal, AccountSignal, PortfolioSignal)
_IDENTIFIERS = {name for event_type in INPUT_TOPIC_OF for name in identifiers_of(event_type)}
_PLACE = re.compile(r" - at `\$[^`]*?(\w*)(?:\[[^`]*)?`$")


class _Typed(msgspec.Struct):
    type: str = ""


_TYPE_TOPICS = {str(event_type.__struct_config__.tag): topic for event_type, topic in INPUT_TOPIC_OF.items()}
_decode_type = msgspec.json.Decoder(_Typed).decode


def decode_event(
    topic: str, value: bytes | None, *, now_ms: int, tenants: Container[str] | None
) -> InputEvent | DecodeFailure:
    """The event in a record of an input topic, with its times in UTC, or why it is refused.

    `now_ms` is the wall clock in UTC milliseconds (for history too: nothing may have occurred later than that),
    `tenants` are the known tenants (None: any). Never raises, whatever the bytes; KeyError only if `topic` is no topic
    of ours.
    """
    event = _decode(_input, value)
    if isinstance(event, DecodeFailure):
        return event
    if value is not None and not _is_utf8(value):
        return DecodeFailure("undecodable", NOT_UTF8)
    if type(event) not in TOPICS[topic].values:
        return DecodeFailure("unknown_type", f"{_tag(event)} belongs on {INPUT_TOPIC_OF[type(event)]}, not on {topic}")
    return refusal(event, now_ms=now_ms, tenants=tenants) or in_utc(event)


def decode_signal(value: bytes | None) -> Signal | DecodeFailure:
    """The entry in a record of `health.signals`. Its ids were checked when it was written, its times have to be
    possible (`schemas.door.impossible_time`).
    """
    return _decode_entry(_signal, value)


def decode_account_signal(value: bytes | None) -> AccountSignal | DecodeFailure:
    """The entry in a record of `health.account-signals`."""
    return _decode_entry(_account_signal, value)


def decode_portfolio_signal(value: bytes | None) -> PortfolioSignal | DecodeFailure:
    """The entry in a record of `health.portfolio-signals`."""
    return _decode_entry(_portfolio_signal, value)


def decode_record(topic: str, value: bytes | None) -> msgspec.Struct | DecodeFailure:
    """The record in a record of any log or output. KeyError if `topic` is none of them."""
    record = _decode(_OURS[topic], value)
    return (
        (impossible_time(record) or record) if isinstance(record, Signal | AccountSignal | PortfolioSignal) else record
    )


def input_topic(value: bytes) -> str | None:
    """The input topic that an event belongs on by its `type`, or None if it says none that we know."""
    try:
        return _TYPE_TOPICS.get(_decode_type(value).type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _decode_entry(decoder: msgspec.json.Decoder[EntryT], value: bytes | None) -> EntryT | DecodeFailure:
    entry = _decode(decoder, value)
    if type(entry) is DecodeFailure:  # a third of what isinstance takes, and this is done for each record of a log
        return entry
    return impossible_time(entry) or entry


def _decode(decoder: msgspec.json.Decoder[RecordT], value: bytes | None) -> RecordT | DecodeFailure:
    if not value:
        return DecodeFailure("empty", "the record has no value")
    if len(value) > MAX_VALUE_BYTES:
        return DecodeFailure("too_large", f"the record has more than {MAX_VALUE_BYTES} bytes")
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as error:
        return _invalid(error)
    except msgspec.DecodeError as error:
        return DecodeFailure("undecodable", str(error))
    except UnicodeDecodeError:
        return DecodeFailure("undecodable", NOT_UTF8)
    except RecursionError:
        return DecodeFailure("undecodable", "nested too deeply")


def _is_utf8(value: bytes) -> bool:
    """JSON is UTF-8, also in the names and values of fields that we do not know and msgspec passes by."""
    if value.isascii():
        return True
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _tag(event: Event) -> str:
    return str(event.__struct_config__.tag)


def _invalid(error: msgspec.ValidationError) -> DecodeFailure:
    message = _without_value(str(error))
    if isinstance(error.__cause__, OffScaleError):
        return DecodeFailure("off_scale", message)
    place = _PLACE.search(message)
    field = place[1] if place else None
    if field == "type" or message.startswith("Object missing required field `type`"):
        return DecodeFailure("unknown_type", f"`type` must be one of the types of this topic: {message}")
    if message.startswith("Expected `str` of length"):
        if field in _IDENTIFIERS:
            return DecodeFailure("bad_id", message)
        if field == "text":
            return DecodeFailure("too_large", message)
    return DecodeFailure("invalid", message)


def _without_value(message: str) -> str:
    """msgspec's message without the value that it quotes when a tag or one of a closed set of words is unknown."""
    for prefix in ("Invalid enum value", "Invalid value"):
        if message.startswith(prefix):
            place = _PLACE.search(message)
            return prefix + (place[0] if place else "")
    return message
