"""Every field of every input's type, optional ones too, with every strange value; and which of them may enter.

Which, is decided by the published JSON Schemas and, for what a schema has no words for, by the rules of the wire page,
written out here once more.
"""

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import msgspec
from jsonschema import Draft202012Validator, FormatChecker

from schemas.base import Event
from schemas.catalogue import INPUTS
from schemas.generate import FOLDER
from tests.chaos.seen import POISON

Json = dict[str, Any]

TENANT = "strange"
MODEL = {"version": "strange", "components": {"nps": {"weight": 1}, "csat": {"weight": 1}}}
NUMBERS = (
    b"0", b"-1", b"0.5", b"18446744073709551616", b"-18446744073709551616", b"9" * 300,
    b"1e308", b"-1e308", b"1e400", b"1e-320", b"NaN", b"Infinity", b"-Infinity",
)  # fmt: skip
TEXTS = (
    b'""', b'" "', b'"X"', '"ä\u2028/"'.encode(), rb'"\u0000"', rb'"\ud800"', b'"\xc3"', b'"@"',
    b'"somebody@example.com"',
    *(b'"' + b"x" * length + b'"' for length in (129, 257, 10_000)),
)  # fmt: skip
TIMES = (
    b'"0000-01-01T00:00:00Z"', b'"1850-01-01T00:00:00Z"', b'"1950-01-01T00:00:00Z"', b'"2020-02-30T00:00:00Z"',
    b'"2020-01-01T00:00:00"', b'"2020-01-01T00:00:00+23:00"', b'"2150-01-01T00:00:00Z"', b'"9999-12-31T23:59:59Z"',
)  # fmt: skip
OBJECTS = (
    b"{}", b'{"a":null}', b'{"a":18446744073709551616}', b'{"a":NaN}', b'{"a":"somebody@example.com"}', b'{"":1}',
    b'{"' + b"x" * 65 + b'":1}', b'{"a":"' + b"x" * 257 + b'"}', b'{"a":{"b":1}}', b'{"a":' * 100 + b"1" + b"}" * 100,
    b"{" + b",".join(b'"%d":1' % n for n in range(33)) + b"}",
)  # fmt: skip
LISTS = (b"[]", b'[{"a":1}]', *(b"[" * depth + b"]" * depth for depth in (100, 20_000)))
VALUES = (b"null", b"true", b"false", *NUMBERS, *TEXTS, *TIMES, *OBJECTS, *LISTS)
HUGE = b'"' + b"x" * 900_000 + b'"'
LONG = ("event_id", "text", "reason", "name")
OWN, OTHERS = ("contact", "account", "ticket", "message", "answer"), ("into", "previous_contact")
UNKNOWN_FIELD = "unheard_of"


class Strange(NamedTuple):
    """A record with a strange value in one field; whether it may enter."""

    topic: str
    event_id: str
    value: bytes
    name: str
    may_enter: bool

    @property
    def key(self) -> bytes:
        """As a source may choose it: all of an event id in one partition."""
        return self.event_id.encode()

    @property
    def headers(self) -> list[tuple[str, bytes | None]]:
        """Those by which the truth knows what has to end as a dead letter."""
        return [] if self.may_enter else [(POISON, self.name.encode())]


def strange_inputs() -> Iterator[Strange]:
    """All of them, each about a contact (or an account) and a ticket of its own."""
    number = 0
    for topic, of, event in whole_examples():
        for field in [*(one.encode_name for one in msgspec.structs.fields(of)), "type", UNKNOWN_FIELD]:
            for value in (*VALUES, HUGE) if field in LONG else VALUES:
                number += 1
                own = {name: f"strange-{number}" for name in OWN if event.get(name) is not None}
                own |= {name: f"{name}-{number}" for name in OTHERS if event.get(name) is not None}
                about = event | own | {"tenant": TENANT, "event_id": f"strange-{number}"}
                raw = json.dumps(about | {field: "HERE"}).encode().replace(b'"HERE"', value)
                event_id = json.loads(value) if field == "event_id" and may_enter(raw) else about["event_id"]
                yield Strange(topic, event_id, raw, f"{event['type']}.{field}", may_enter(raw))


def whole_examples() -> Iterator[tuple[str, type[Event], Json]]:
    """Of each type its longest accepted example."""
    for topic in INPUTS:
        for of in topic.values:
            files = (FOLDER / "examples" / str(of.__struct_config__.tag) / "accepted").glob("*.json")
            event = json.loads(max((file.read_bytes() for file in files), key=len))
            if "model" in event:
                event |= {"model": MODEL, "version": MODEL["version"]}
            yield topic.name, of, event  # type: ignore[misc]


def may_enter(raw: bytes) -> bool:
    """Whether a record is one of ours, and may enter the log."""
    try:
        event = json.loads(raw, parse_constant=_no_number)
        json.dumps(event, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    kind = event.get("type")
    return isinstance(kind, str) and kind in schemas() and schemas()[kind].is_valid(event) and all(rules(event))


def rules(event: Json) -> Iterator[bool]:
    """What the schemas have no words for. Later rules lean on earlier ones."""
    known = schemas()[event["type"]].schema["properties"]
    fields = {name: value for name, value in event.items() if name in known and value is not None}
    numbers = [value for value in _leaves(fields) if isinstance(value, int | float)]
    yield all(map(math.isfinite, numbers))
    yield not any(abs(fields[name]) >= 2**63 for name in fields if _is_whole(known[name]))
    yield event["tenant"] == TENANT or event["type"] in OF_ANY_TENANT
    yield all(_in_time(name, fields[name]) for name in fields if _is_time(known[name]))
    yield not any(ADDRESS(word) for word in _leaves({name: fields.get(name) for name in KEPT}) if isinstance(word, str))
    if "scale_min" in fields:
        low, high = fields["scale_min"], fields["scale_max"]
        yield -1e6 <= low < high <= 1e6 and low <= fields["value"] <= high
    if event["type"] in EITHER:
        yield ("contact" in fields) != ("account" in fields)
    if event["type"] == "contact.merged":
        yield fields["into"] != fields["contact"]
    if event["type"] == "model.published":
        yield fields["model"] == MODEL and fields["version"] == MODEL["version"]


OF_ANY_TENANT = ("tenant.registered", "history.started", "history.finished")
EITHER = ("review.posted", "override.set", "override.cleared")
KEPT = ("role", "channel", "site", "reason", "attributes", "model")
PLANS = ("renewal_at", "expires_at")
TOLD = ("occurred_at", "opened_at", "first_responded_at", "solved_at")
ADDRESS = re.compile(r"\S+@\S+\.\S+").search


def _in_time(name: str, time: str) -> bool:
    at = datetime.fromisoformat(time)
    latest = datetime(2200, 1, 1, tzinfo=UTC) if name in PLANS else datetime.now(UTC) + timedelta(days=1)
    return datetime(1990 if name in TOLD else 1900, 1, 1, tzinfo=UTC) <= at < latest


def _is_time(field: Json) -> bool:
    return any(one.get("format") == "date-time" for one in (field, *field.get("anyOf", ())))


def _is_whole(field: Json) -> bool:
    return any(one.get("type") == "integer" for one in field.get("anyOf", ()))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    else:
        yield value


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


@cache
def schemas() -> dict[str, Draft202012Validator]:
    """The published schema of each type."""
    formats = FormatChecker()
    formats.checks("date-time", ValueError)(_has_zone)
    documents = {kind: json.loads((FOLDER / "json" / f"{kind}.json").read_bytes()) for kind in _kinds()}
    return {kind: Draft202012Validator(schema, format_checker=formats) for kind, schema in documents.items()}


def _kinds() -> Iterator[str]:
    return (str(of.__struct_config__.tag) for topic in INPUTS for of in topic.values)


def _has_zone(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None
