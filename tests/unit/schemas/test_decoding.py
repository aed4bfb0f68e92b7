import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Event, to_milliseconds
from schemas.catalogue import INPUTS
from schemas.decoding import (
    DecodeFailure,
    decode_account_signal,
    decode_event,
    decode_portfolio_signal,
    decode_signal,
    encode,
    input_topic,
)
from schemas.messages import MessageCreated
from schemas.signals import Signal
from schemas.tickets import TicketOpened

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
NOW_MS = to_milliseconds(NOW)
SECRET = "jane.doe@example.com"
OPENED: dict[str, Any] = {
    "type": "ticket.opened",
    "event_id": "e1",
    "occurred_at": "2026-01-15T11:00:00Z",
    "tenant": "acme",
    "contact": "crm/42",
    "ticket": "t1",
}
SURVEY = {
    "type": "survey.answered",
    "event_id": "e1",
    "occurred_at": "2026-01-15T11:00:00Z",
    "contact": "42",
    "kind": "nps",
    "value": 9,
    "scale_min": 0,
    "scale_max": 10,
}
MODEL = {
    "type": "model.published",
    "event_id": "e1",
    "occurred_at": "2026-01-15T11:00:00Z",
    "version": "1",
    "author": "admin",
    "model": {},
}


def decode(value: object, topic: str = "support.tickets", tenants: set[str] | None = None) -> Event | DecodeFailure:
    return decode_event(topic, json.dumps(value).encode(), now_ms=NOW_MS, tenants=tenants)


def reason(value: object, topic: str = "support.tickets", tenants: set[str] | None = None) -> str:
    failure = decode(value, topic, tenants)
    assert isinstance(failure, DecodeFailure), failure
    return failure.reason


def test_a_sound_event_is_decoded() -> None:
    assert decode(OPENED) == TicketOpened(
        event_id="e1", occurred_at=datetime(2026, 1, 15, 11, tzinfo=UTC), tenant="acme", contact="crm/42", ticket="t1"
    )


def test_unknown_fields_are_ignored() -> None:
    assert decode(OPENED | {"colour": {"deep": [1, {}]}}) == decode(OPENED)


@pytest.mark.parametrize("unknown", [b'"\xff\xfe":1', b'"x":"\xff\xfe"', b'"x":[{"\xc3":1}]'])
def test_what_is_not_utf8_is_refused_in_unknown_fields_too(unknown: bytes) -> None:
    record = json.dumps(OPENED).encode()[:-1] + b"," + unknown + b"}"
    refused = decode_event("support.tickets", record, now_ms=NOW_MS, tenants=None)
    assert refused == DecodeFailure("undecodable", "a string is not UTF-8")


@pytest.mark.parametrize("wrong", [{"value": 4711}, {"scale_min": 4711}, {"scale_max": -4711}])
def test_a_rating_off_its_scale_is_refused_without_its_value(wrong: dict[str, int]) -> None:
    refused = decode(SURVEY | wrong, "support.surveys")
    assert isinstance(refused, DecodeFailure)
    assert refused.reason == "off_scale"
    assert "4711" not in refused.detail


def test_times_are_brought_to_utc() -> None:
    event = decode(OPENED | {"occurred_at": "2026-01-15T13:00:00+02:00"})
    assert isinstance(event, TicketOpened)
    assert event == decode(OPENED)
    assert event.occurred_at.tzinfo is UTC


@pytest.mark.parametrize("value", [None, b""])
def test_a_record_without_a_value_is_empty(value: bytes | None) -> None:
    failure = decode_event("support.tickets", value, now_ms=NOW_MS, tenants=None)
    assert failure == DecodeFailure("empty", "the record has no value")


@pytest.mark.parametrize(
    "value",
    [
        b"{",
        b"nonsense",
        b'{"type": NaN}',
        b'\xef\xbb\xbf{"type": "ticket.opened"}',
        '{"type": "ticket.opened"}'.encode("utf-16"),
        json.dumps(OPENED).replace("t1", "\xff").encode("latin-1"),
        json.dumps(OPENED).replace("t1", "\\ud800").encode(),
        json.dumps(OPENED)[:-1].encode() + b', "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_not_json_is_undecodable(value: bytes) -> None:
    failure = decode_event("support.tickets", value, now_ms=NOW_MS, tenants=None)
    assert isinstance(failure, DecodeFailure)
    assert failure.reason in ("undecodable", "invalid")
    assert failure.reason == "undecodable" or value.startswith(b"[")


@pytest.mark.parametrize("type_", ["ticket.exploded", "", 5, None, ["ticket.opened"]])
def test_a_type_that_the_topic_does_not_have_is_unknown(type_: object) -> None:
    assert reason(OPENED | {"type": type_}) == "unknown_type"


def test_an_event_on_another_events_topic_is_an_unknown_type_there() -> None:
    failure = decode(OPENED, "support.messages")
    assert failure == DecodeFailure("unknown_type", "ticket.opened belongs on support.tickets, not on support.messages")


def test_a_missing_type_is_unknown_even_where_a_topic_has_only_one() -> None:
    assert (
        reason({name: value for name, value in SURVEY.items() if name != "type"}, "support.surveys") == "unknown_type"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"contact": None},
        {"contact": 42},
        {"severity": "catastrophic"},
        {"occurred_at": 1_577_836_800},
        {"occurred_at": "2026-01-15T11:00:00"},
        {"occurred_at": "yesterday"},
        {"occurred_at": "0000-01-01T00:00:00Z"},
        {"tenant": None},
        {"channel": "x" * 257},
    ],
)
def test_a_wrong_type_or_word_is_invalid(change: dict[str, object]) -> None:
    assert reason(OPENED | change) == "invalid"


def test_a_missing_field_is_invalid() -> None:
    assert decode({"type": "ticket.opened"}) == DecodeFailure("invalid", "Object missing required field `event_id`")


@pytest.mark.parametrize("value", [[], "ticket", 5, None, True])
def test_what_is_no_object_is_invalid(value: object) -> None:
    assert reason(value) == "invalid"


@pytest.mark.parametrize("name", ["contact", "ticket"])
@pytest.mark.parametrize("value", ["", "x" * 129, SECRET, "a\nb", "a\x00", "\x7f"])
def test_an_id_has_no_address_no_control_character_and_a_bounded_length(name: str, value: str) -> None:
    assert reason(OPENED | {name: value}) == "bad_id"


@pytest.mark.parametrize("value", ["", "x" * 129, "a\n"])
def test_an_event_id_has_a_bounded_length_and_no_control_character(value: str) -> None:
    assert reason(OPENED | {"event_id": value}) == "bad_id"


@pytest.mark.parametrize("tenant", ["", "Acme", "a/b", "a b", "x" * 64, "acme\n", "é"])
def test_a_tenant_is_a_short_word_of_small_letters(tenant: str) -> None:
    assert reason(OPENED | {"tenant": tenant}) == "bad_id"


def test_an_unknown_tenant_is_refused() -> None:
    assert reason(OPENED, tenants={"other"}) == "unknown_tenant"
    assert isinstance(decode(OPENED, tenants={"acme"}), TicketOpened)


def test_a_tenant_may_register_itself() -> None:
    registered = {"type": "tenant.registered", "event_id": "e", "occurred_at": "2026-01-15T11:00:00Z", "tenant": "new"}
    assert not isinstance(decode(registered, "health.control", tenants=set()), DecodeFailure)


@pytest.mark.parametrize(
    "change",
    [
        {"value": 11},
        {"value": -0.5},
        {"scale_min": 10, "scale_max": 0},
        {"scale_min": 9, "scale_max": 9},
        {"scale_min": -1e308, "scale_max": 1e308},
    ],
)
def test_a_rating_off_its_scale_is_refused(change: dict[str, float]) -> None:
    assert reason(SURVEY | change, "support.surveys") == "off_scale"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "9" * 400])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    raw = json.dumps(SURVEY).replace('"value": 9', f'"value": {value}').encode()
    failure = decode_event("support.surveys", raw, now_ms=NOW_MS, tenants=None)
    assert isinstance(failure, DecodeFailure)
    assert failure.reason in ("undecodable", "invalid")


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-16T12:00:00.001Z",
        "1989-12-31T23:59:59.999Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_an_event_of_before_1990_or_more_than_a_day_ahead_is_refused(time: str) -> None:
    assert reason(OPENED | {"occurred_at": time}) == "time_out_of_range"


@pytest.mark.parametrize("time", ["2026-01-16T12:00:00Z", "1990-01-01T00:00:00Z"])
def test_the_bounds_of_time_are_within(time: str) -> None:
    assert isinstance(decode(OPENED | {"occurred_at": time}), TicketOpened)


@pytest.mark.parametrize("name", ["opened_at", "first_responded_at", "solved_at"])
def test_no_ticket_is_older_than_any_helpdesk(name: str) -> None:
    updated = OPENED | {"type": "ticket.updated"}
    assert reason(updated | {name: "1989-12-31T23:59:59Z"}) == "time_out_of_range"
    assert isinstance(decode(updated | {name: "1990-01-01T00:00:00Z"}), Event)


def test_a_customer_may_be_older_than_any_helpdesk_and_a_renewal_may_lie_ahead() -> None:
    account = {"type": "account.updated", "event_id": "e", "occurred_at": "2026-01-15T11:00:00Z", "account": "a"}
    sound = account | {"customer_since": "1950-01-01T00:00:00Z", "renewal_at": "2199-12-31T00:00:00Z"}
    assert not isinstance(decode(sound, "support.accounts"), DecodeFailure)
    assert reason(account | {"customer_since": "2027-01-01T00:00:00Z"}, "support.accounts") == "time_out_of_range"
    assert reason(account | {"renewal_at": "9999-12-31T00:00:00Z"}, "support.accounts") == "time_out_of_range"


def test_a_text_or_record_that_is_too_large_is_refused() -> None:
    message = OPENED | {"type": "message.created", "message": "m", "author": "customer", "text": "x" * 1_000_000}
    assert isinstance(decode(message, "support.messages"), MessageCreated)
    assert reason(message | {"text": "x" * 1_000_001}, "support.messages") == "too_large"
    assert reason(message | {"other": "x" * 4_000_000}, "support.messages") == "too_large"


def test_a_model_must_be_a_sound_object_of_bounded_size() -> None:
    assert not isinstance(decode(MODEL, "health.control"), DecodeFailure)
    assert reason(MODEL | {"model": []}, "health.control") == "invalid"
    assert reason(MODEL | {"model": {"x": "y" * 300_000}}, "health.control") == "too_large"
    bad = json.dumps(MODEL).replace("{}", '{"a": "\xff"}').encode("latin-1")
    failure = decode_event("health.control", bad, now_ms=NOW_MS, tenants=None)
    assert failure == DecodeFailure("undecodable", "a string is not UTF-8")


@pytest.mark.parametrize(
    ("value", "topic"),
    [
        (OPENED | {"type": SECRET}, "support.tickets"),
        (OPENED | {"type": f"{SECRET}' - at `$.{SECRET}`"}, "support.tickets"),
        (OPENED | {"severity": SECRET}, "support.tickets"),
        (OPENED | {"severity": f"{SECRET}' - at `$.contact`"}, "support.tickets"),
        (OPENED | {"severity": f"{SECRET}\n' - at `$.contact`\n"}, "support.tickets"),
        (OPENED | {"occurred_at": SECRET}, "support.tickets"),
        (OPENED | {"contact": SECRET}, "support.tickets"),
        (OPENED | {"contact": SECRET * 20}, "support.tickets"),
        (OPENED | {"tenant": SECRET}, "support.tickets"),
        (OPENED | {"event_id": f"{SECRET}\n"}, "support.tickets"),
        (SURVEY | {"value": SECRET}, "support.surveys"),
        (OPENED | {"type": "contact.updated", "attributes": {SECRET: [SECRET]}}, "support.contacts"),
        (OPENED | {"type": "contact.updated", "attributes": {SECRET * 20: SECRET}}, "support.contacts"),
        (OPENED | {"type": "contact.updated", "attributes": {"a": SECRET * 20}}, "support.contacts"),
        (MODEL | {"model": [SECRET]}, "health.control"),
    ],
)
def test_the_detail_of_a_refusal_tells_nothing_of_the_content(value: dict[str, object], topic: str) -> None:
    failure = decode(value, topic)
    assert isinstance(failure, DecodeFailure)
    assert SECRET not in failure.detail
    assert "jane" not in failure.detail


TOPIC_NAMES = st.sampled_from([topic.name for topic in INPUTS])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({name for topic in INPUTS for value in topic.values for name in value.__struct_fields__} | {"type"})
TAGS = [str(value.__struct_config__.tag) for topic in INPUTS for value in topic.values]
TIMES = st.datetimes(timezones=st.timezones()).map(datetime.isoformat) | st.just("9999-12-31T23:59:59-23:59")
WORDS = (
    st.sampled_from([*TAGS, "acme", "customer", "nps", "urgent", "negative", "danger"]) | TIMES | st.text(max_size=8)
)


@given(TOPIC_NAMES, st.binary(max_size=300))
def test_no_bytes_make_it_raise(topic: str, value: bytes) -> None:
    assert isinstance(decode_event(topic, value, now_ms=NOW_MS, tenants={"acme"}), Event | DecodeFailure)


@given(TOPIC_NAMES, st.dictionaries(st.sampled_from(FIELDS), WORDS | JSON_VALUES, max_size=12))
def test_no_json_makes_it_raise(topic: str, value: dict[str, object]) -> None:
    assert isinstance(decode(value, topic), Event | DecodeFailure)


@given(st.sampled_from([OPENED, SURVEY, MODEL]), st.sampled_from(FIELDS), WORDS | JSON_VALUES, TOPIC_NAMES)
def test_one_wrong_field_in_a_sound_event_does_not_make_it_raise(
    base: dict[str, object], name: str, value: object, topic: str
) -> None:
    assert isinstance(decode(base | {name: value}, topic), Event | DecodeFailure)


@given(st.sampled_from([OPENED, SURVEY, MODEL]), st.data())
def test_flipped_and_missing_bytes_do_not_make_it_raise(base: dict[str, object], data: st.DataObject) -> None:
    raw = bytearray(json.dumps(base).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=2))
    for topic in ("support.tickets", "support.surveys", "health.control"):
        assert isinstance(decode_event(topic, bytes(raw), now_ms=NOW_MS, tenants=None), Event | DecodeFailure)


def test_what_is_accepted_can_be_written_to_the_log_and_read_again() -> None:
    event = decode(OPENED | {"occurred_at": "2026-01-15T13:00:00.123+02:00"})
    assert isinstance(event, TicketOpened)
    signal = Signal(at=NOW_MS, fact=event)
    assert decode_signal(encode(signal)) == signal
    assert b'"occurred_at":"2026-01-15T11:00:00.123' in encode(signal)


@pytest.mark.parametrize("decode_entry", [decode_signal, decode_account_signal, decode_portfolio_signal])
def test_a_bad_entry_of_a_log_is_a_value_too(decode_entry: Callable[[bytes | None], object]) -> None:
    bad = [None, b"", b"{}", b"nonsense", b'{"at": 1, "fact": {"type": "x"}}', b'{"fact": ' + b"[" * 100_000]
    for value in bad:
        failure = decode_entry(value)
        assert isinstance(failure, DecodeFailure), value


def test_the_facts_type_of_a_log_entry_may_be_unknown() -> None:
    failure = decode_signal(b'{"at": 1, "fact": {"type": "jane"}}')
    assert isinstance(failure, DecodeFailure)
    assert failure.reason == "unknown_type"
    assert "jane" not in failure.detail


@given(st.binary(max_size=200))
def test_no_bytes_in_the_log_make_it_raise(value: bytes) -> None:
    assert isinstance(decode_signal(value), Signal | DecodeFailure)


def test_any_time_at_all_may_be_taken_for_now() -> None:
    for now_ms in (0, 253_402_300_799_000, 2**62):
        assert isinstance(
            decode_event("support.tickets", json.dumps(OPENED).encode(), now_ms=now_ms, tenants=None),
            Event | DecodeFailure,
        )


def test_an_events_type_tells_its_topic() -> None:
    assert input_topic(json.dumps(OPENED).encode()) == "support.tickets"
    assert input_topic(b'{"type": "override.set", "other": 1}') == "health.control"
    for unknown in (b"{}", b'{"type": "x"}', b"nonsense", b'{"type": "\xff"}', b"[" * 100_000, b'{"type": 1}'):
        assert input_topic(unknown) is None
