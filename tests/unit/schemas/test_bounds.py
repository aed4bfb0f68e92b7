"""What we read, from outside or from a log, fits into a row: no number and no text of it is without bounds."""

import json
import struct
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from schemas.catalogue import TOPICS
from schemas.decoding import DecodeFailure, decode_event
from schemas.json_schema import wire_name

READ = [value for topic in TOPICS.values() if topic.role in ("input", "log") for value in topic.values]
INPUT = [value for topic in TOPICS.values() if topic.role == "input" for value in topic.values]
NOW_MS = 1_768_478_400_000


def numbers(kind: msgspec.inspect.Type, at: str, seen: set[type]) -> Iterator[tuple[str, msgspec.inspect.Type]]:
    """Every type within a type, by where it is."""
    yield at, kind
    if isinstance(kind, msgspec.inspect.StructType):
        if kind.cls in seen:
            return
        seen.add(kind.cls)
        for field in kind.fields:
            yield from numbers(field.type, f"{at}.{field.name}", seen)
    for part in ("types", "item_types"):
        for inner in getattr(kind, part, ()):
            yield from numbers(inner, at, seen)
    for part in ("key_type", "value_type", "item_type", "type"):
        inner = getattr(kind, part, None)
        if isinstance(inner, msgspec.inspect.Type):
            yield from numbers(inner, f"{at}[]", seen)


def inside(record_type: type[msgspec.Struct]) -> list[tuple[str, Any]]:
    return list(numbers(msgspec.inspect.type_info(record_type), wire_name(record_type), set()))


@pytest.mark.parametrize("record_type", READ, ids=wire_name)
def test_every_whole_number_fits_into_64_bits(record_type: type[msgspec.Struct]) -> None:
    for at, kind in inside(record_type):
        if isinstance(kind, msgspec.inspect.IntType):
            assert kind.ge is not None, at
            assert kind.le is not None, at
            struct.pack("qq", kind.ge, kind.le)


@pytest.mark.parametrize("record_type", INPUT, ids=wire_name)
def test_every_text_and_list_that_comes_from_outside_has_a_greatest_length(record_type: type[msgspec.Struct]) -> None:
    for at, kind in inside(record_type):
        if isinstance(kind, msgspec.inspect.StrType | msgspec.inspect.DictType | msgspec.inspect.CollectionType):
            assert kind.max_length is not None, at


def test_the_walk_finds_what_lies_within() -> None:
    found = dict(inside(next(one for one in READ if wire_name(one) == "account-signal")))
    assert isinstance(found["account-signal.fact.gives.response_times[]"], msgspec.inspect.IntType)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400, "NaN", "Infinity"])
@pytest.mark.parametrize(
    ("topic", "event"),
    [
        ("support.contacts", {"type": "contact.updated", "attributes": {"spend": 0}}),
        ("support.surveys", {"type": "survey.answered", "kind": "nps", "value": 0, "scale_min": 0, "scale_max": 10}),
    ],
)
def test_a_number_that_is_no_float_is_refused(topic: str, event: dict[str, object], number: str) -> None:
    base = {"event_id": "e", "occurred_at": "2026-01-15T11:00:00Z", "contact": "c"}
    value = json.dumps(base | event).replace(": 0", f": {number}", 1).encode()
    assert isinstance(decode_event(topic, value, now_ms=NOW_MS, tenants=None), DecodeFailure)


@pytest.mark.parametrize("number", ["1e308", "-1e308", "5e-324", str(2**64), "1" + "0" * 300])
def test_an_attribute_may_be_any_float(number: str) -> None:
    value = (
        '{"type": "contact.updated", "event_id": "e", "occurred_at": "2026-01-15T11:00:00Z", "contact": "c", '
        f'"attributes": {{"spend": {number}}}}}'
    )
    event: Any = decode_event("support.contacts", value.encode(), now_ms=NOW_MS, tenants=None)
    assert event.attributes == {"spend": float(number)}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(event.attributes)) == event.attributes
