"""`schemas/examples/<type>/accepted/*.json` and `…/rejected/<reason>.<what is wrong>.json`."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from schemas.base import to_milliseconds
from schemas.catalogue import TOPICS, Topic
from schemas.decoding import DecodeFailure, decode_event, decode_record, encode
from schemas.generate import FOLDER
from schemas.json_schema import components, document, record_types, wire_name

EXAMPLES = FOLDER / "examples"
ACCEPTED = sorted(EXAMPLES.glob("*/accepted/*.json"))
REJECTED = sorted(EXAMPLES.glob("*/rejected/*.json"))
NOW_MS = to_milliseconds(datetime(2026, 1, 15, 12, tzinfo=UTC))
TENANTS = {"default", "acme"}

# What JSON Schema has no words for: a comparison of two fields, the clock, and the tenants that there are.
BEYOND_A_SCHEMA = {"address", "off_scale", "time_out_of_range", "unknown_tenant"}
BEYOND_A_SCHEMA_TOO = {"contact.merged/rejected/invalid.into-itself.json"}

formats = FormatChecker()


@formats.checks("date-time", ValueError)
def has_zone(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@formats.checks("date", ValueError)
def is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


def topic_of(example: Path) -> Topic:
    types = {wire_name(value): topic for topic in TOPICS.values() for value in topic.values}
    return types[example.parts[-3]]


def read(example: Path) -> msgspec.Struct | DecodeFailure:
    topic, value = topic_of(example), example.read_bytes()
    if topic.role == "input":
        return decode_event(topic.name, value, now_ms=NOW_MS, tenants=TENANTS)
    return decode_record(topic.name, value)


def validator(example: Path) -> Draft202012Validator:
    schemas = components("#/$defs/{name}")
    (record_type,) = (each for each in record_types() if wire_name(each) == example.parts[-3])
    return Draft202012Validator(document(record_type, schemas), format_checker=formats)


def name_of(example: Path) -> str:
    return str(example.relative_to(EXAMPLES))


@pytest.mark.parametrize("folder", ["accepted", "rejected"])
@pytest.mark.parametrize("record_type", record_types(), ids=wire_name)
def test_every_type_has_examples_of_both_kinds(record_type: type[msgspec.Struct], folder: str) -> None:
    assert list((EXAMPLES / wire_name(record_type) / folder).glob("*.json"))


def test_every_example_is_of_a_type_that_there_is() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir()} == {wire_name(each) for each in record_types()}


@pytest.mark.parametrize("example", ACCEPTED, ids=name_of)
def test_an_accepted_example_is_read_and_its_schema_says_so(example: Path) -> None:
    record = read(example)
    assert not isinstance(record, DecodeFailure), record
    check = validator(example)
    check.validate(json.loads(example.read_bytes()))
    check.validate(json.loads(encode(record)))


@pytest.mark.parametrize("example", REJECTED, ids=name_of)
def test_a_rejected_example_is_refused_for_its_reason_and_its_schema_says_so(example: Path) -> None:
    failure = read(example)
    assert isinstance(failure, DecodeFailure)
    reason = example.name.partition(".")[0]
    assert failure.reason == reason, failure
    if reason in ("undecodable", "empty"):
        return
    beyond = reason in BEYOND_A_SCHEMA or name_of(example) in BEYOND_A_SCHEMA_TOO
    assert validator(example).is_valid(json.loads(example.read_bytes())) == beyond


@pytest.mark.parametrize("example", ACCEPTED, ids=name_of)
def test_a_reader_ignores_fields_that_it_does_not_know(example: Path, tmp_path: Path) -> None:
    later = tmp_path.joinpath(*example.parts[-3:])
    later.parent.mkdir(parents=True)
    later.write_text(json.dumps(with_unknown_fields(json.loads(example.read_bytes()))))
    record = read(later)
    assert not isinstance(record, DecodeFailure), record
    assert json.loads(encode(record)) == json.loads(encode(read(example)))
    validator(example).validate(json.loads(later.read_bytes()))


# Keys of these objects are data (names of components, attributes) or another document's, not fields.
MAPS = {"attributes", "components", "by_decay", "by_signal", "bands", "shares", "points", "model"}


def with_unknown_fields(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    known = {name: part if name in MAPS else with_unknown_fields(part) for name, part in value.items()}
    if isinstance(known.get("components"), dict):
        known["components"] = {name: with_unknown_fields(part) for name, part in known["components"].items()}
    return {"from_a_later_version": {"deep": [1, None, {"x": "y"}]}, **known, "also_new": None}
