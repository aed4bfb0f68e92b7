"""Seeded records that must not be accepted: good ones spoiled in every way that comes to mind."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec

from schemas.catalogue import HEALTH_SIGNALS, INPUT_TOPIC_OF, INPUTS
from schemas.decoding import encode
from schemas.signals import Clock, Signal, Tick
from stream.simulate import simulate
from tests.chaos.seen import POISON

Json = dict[str, Any]


class Hostile(NamedTuple):
    """A record to send."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def hostile_inputs(seed: int, per_topic: int) -> Iterator[Hostile]:
    """So many bad records for each input topic."""
    rng = Random(seed)
    examples: dict[str, list[Json]] = {topic.name: [] for topic in INPUTS}
    for event in simulate(seed=seed, contacts=200, events=4_000):
        examples[INPUT_TOPIC_OF[type(event)]].append(msgspec.json.decode(encode(event)))
    for topic, good in examples.items():
        assert good, topic
        for _ in range(per_topic):
            spoil = rng.choice(SPOILED)
            yield Hostile(topic, _key(rng), spoil(rng, dict(rng.choice(good))), _headers(rng, spoil.__name__))


def hostile_signals(seed: int, count: int) -> Iterator[Hostile]:
    """Bad records in the log itself, where only we write."""
    rng = Random(seed)
    past = datetime.now(UTC) - timedelta(days=1)
    contacts_facts = [
        {"at": 1, "fact": msgspec.json.decode(encode(event))}
        for event in simulate(seed=seed, contacts=200, events=500, decisions=False, start=past)
        if INPUT_TOPIC_OF[type(event)] in ("support.tickets", "support.surveys")
    ]
    for number in range(count):
        signal = dict(rng.choice(contacts_facts))
        kind = number % 4
        if kind == 0:
            yield Hostile(HEALTH_SIGNALS, b"default/c1", rng.choice(RAW)(rng, signal), _headers(rng, "raw"))
        elif kind == 1:
            key = rng.choice([b"no-slash", b"\xff\xfe/\xff", b"\x01control", b"\0offset"])
            yield Hostile(HEALTH_SIGNALS, key, encode(signal), _headers(rng, "key"))
        elif kind == 2:
            yield Hostile(HEALTH_SIGNALS, None, encode(signal), _headers(rng, "no key"))
        else:
            fact = Clock() if rng.random() < 0.5 else Tick(day=past.date())
            yield Hostile(HEALTH_SIGNALS, b"default/c1", encode(Signal(at=1, fact=fact)), _headers(rng, "keyed"))


def random_bytes(rng: Random, _event: Json) -> bytes:
    """Noise."""
    return b"\xfe" + rng.randbytes(rng.randrange(300))


def nothing(rng: Random, _event: Json) -> bytes | None:
    """No value, or an empty one."""
    return rng.choice([None, b""])


def truncated(rng: Random, event: Json) -> bytes:
    """An object without its end."""
    whole = encode(event)
    return whole[: rng.randrange(1, len(whole))]


def doubled(_rng: Random, event: Json) -> bytes:
    """Two objects in one record."""
    return encode(event) * 2


def other_json(rng: Random, event: Json) -> bytes:
    """JSON, and no object of ours."""
    return rng.choice([b"null", b"[]", b"17", b'"text"', b"{}", b"[" + encode(event) + b"]", b'{"type":null}'])


def other_encoding(rng: Random, event: Json) -> bytes:
    """Text in another encoding."""
    return encode(event).decode().encode(rng.choice(["utf-16", "utf-32", "utf-8-sig"]))


def not_a_number(rng: Random, event: Json) -> bytes:
    """Numbers that JSON does not have."""
    return _with(event, rng.choice([b"NaN", b"Infinity", b"-Infinity", b"0x10", b"1e", b"+1", b"01", b".5"]))


def deep(rng: Random, event: Json) -> bytes:
    """Nested beyond all reason."""
    depth = rng.choice([*20 * [1_500], 50_000])
    return rng.choice([b"[" * depth, _with(event, b"[" * depth + b"]" * depth), b'{"a":' * depth + b"1" + b"}" * depth])


def bad_text(rng: Random, event: Json) -> bytes:
    """A string that is no text: half a character, in UTF-8 or escaped."""
    return encode(event | {"event_id": "HERE"}).replace(b"HERE", rng.choice([b"\xe2\x28\xa1", b"\xc3", b"\\ud800"]))


def wrong_type(rng: Random, event: Json) -> bytes:
    """A value of another type in a field that every event has."""
    name = rng.choice(["event_id", "occurred_at", "type"])
    return encode(event | {name: rng.choice([None, True, -1, 1.5, [], {}, [[event]], {"a": 1}])})


def missing(rng: Random, event: Json) -> bytes:
    """A field that every event needs is not there."""
    del event[rng.choice(["event_id", "occurred_at", "type"])]
    return encode(event)


def unknown_type(rng: Random, event: Json) -> bytes:
    """A type of nobody, or one of another topic."""
    return encode(
        event | {"type": rng.choice(["", "ticket.exploded", "TICKET.OPENED", "clock", "score.updated", "x" * 9999])}
    )


def huge(rng: Random, event: Json) -> bytes:
    """Strings that are far too long."""
    return encode(event | {"event_id": "x" * rng.choice([*20 * [129], *5 * [10_000], 300_000])})


def bad_id(rng: Random, event: Json) -> bytes:
    """Ids that are none."""
    return encode(event | {"event_id": rng.choice(["", "a\nb", "\x00", "tab\there"])})


def bad_tenant(rng: Random, event: Json) -> bytes:
    """Tenants that are none, or that nobody knows."""
    known = re.fullmatch("tenant.registered", event["type"]) is not None
    names = ["", "UPPER", "a/b", "a b", "ä", "x" * 64, "\u2028", *([] if known else ["nobody", "a-b"])]
    return encode(event | {"tenant": rng.choice(names)})


def bad_time(rng: Random, event: Json) -> bytes:
    """Times that cannot be."""
    times = [
        "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-01-01T25:00:00Z", "2024-01-01", "2024-01-01T00:00:00",
        "now", "", "2150-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    ]  # fmt: skip
    return encode(event | {"occurred_at": rng.choice(times)})


def impossible_scale(rng: Random, event: Json) -> bytes:
    """An answer on a scale that does not rise, has no width, or that the answer is off."""
    scales = [(5, 1, 3), (1, 1, 1), (1, 5, 6), (1, 5, -1), (-1e308, 1e308, 0), (0, 1e300, 1), (0, 1e-320, 1)]
    low, high, value = rng.choice(scales)
    answer = {"type": "survey.answered", "kind": "csat", "value": value, "scale_min": low, "scale_max": high}
    return encode({"event_id": "e", "occurred_at": "2026-01-01T00:00:00Z", "contact": "c1"} | answer)


def address(_rng: Random, event: Json) -> bytes:
    """An address where an id has to be."""
    names = [name for name in ("contact", "account", "ticket", "message") if event.get(name)]
    return encode(event | dict.fromkeys(names, "somebody@example.com")) if names else b""


SPOILED: tuple[Callable[[Random, Json], bytes | None], ...] = (
    random_bytes, nothing, truncated, doubled, other_json, other_encoding, not_a_number, deep, bad_text, wrong_type,
    missing, unknown_type, huge, bad_id, bad_tenant, bad_time, impossible_scale, address,
)  # fmt: skip
RAW: tuple[Callable[[Random, Json], bytes | None], ...] = (random_bytes, nothing, truncated, doubled, other_json, deep)


def _with(event: Json, value: bytes) -> bytes:
    """The event with one more field of this value, as it is."""
    return encode(event)[:-1] + b',"attributes":' + value + b"}"


def _key(rng: Random) -> bytes | None:
    return rng.choice([None, b"", b"default/c1", b"\0\xff", rng.randbytes(8), b"k" * 5_000])


def _headers(rng: Random, name: str) -> list[tuple[str, bytes | None]]:
    """Headers that must survive: odd ones, and one that pretends to be ours."""
    odd: list[tuple[str, bytes | None]] = [("", b""), ("ü", b"\xff"), ("heartline_reason", b"none"), ("null", None)]
    return [(POISON, name.encode()), *rng.sample(odd, rng.randrange(3))]
