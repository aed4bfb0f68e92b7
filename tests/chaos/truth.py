"""What must be readable on a broker after whatever happened, worked out from the input topics alone.

Two steps, both by `tests.oracle`, which shares no code with `stream`: every record of an input topic has exactly its
entries in the logs, in order; and everything published is what those logs amount to. All as a reader of committed data
sees it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from confluent_kafka import Message

from schemas.base import Event
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_BAND_CHANGES,
    HEALTH_SCORE_HISTORY,
    HEALTH_SCORES,
    HEALTH_SIGNALS,
    INPUTS,
    dead_letters_of,
)
from schemas.decoding import DecodeFailure, decode_event
from schemas.profiles import AccountUpdated
from schemas.scores import BandChanged, Output, ScoreClosed, ScoreUpdated
from schemas.signals import AccountSignal, Clock, Signal, Tick
from tests.oracle.comparing import (
    band_as_expected,
    band_as_told,
    close_as_expected,
    close_as_told,
    differences,
    score_as_expected,
    score_as_told,
)
from tests.oracle.contact import OracleContact
from tests.oracle.log import Entry, Subject, entries_of, run_oracle
from tests.support.heartline import Heartline

POISON = "poison"
"""Header of the records that have to end as dead letters."""

TOLD = 5
"""How many headers say why a record is a dead letter, and where it came from."""

ANY_TIME = 253_402_300_799_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_decode_signal = msgspec.json.Decoder(Signal).decode
SHOWN = 5

Name = tuple[str, str, str]
"""Of an entry of a log: whom it is about, the type of its fact, the event's id."""
Place = tuple[str, int, int]
T = TypeVar("T")


@dataclass
class Verdict:
    """What was compared, and what disagrees: expected and missing, there twice, or there and not as it has to be."""

    records: Counter[str] = field(default_factory=Counter)
    contacts: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """All disagreements, one line each."""
        kinds = (("lost", self.lost), ("doubled", self.doubled), ("wrong", self.wrong))
        return [f"{kind}: {what}" for kind, found in kinds for what in found]

    def compare(self, where: str, told: Counter[T], expected: Counter[T]) -> None:
        """Hold what is there against what has to be there, and how often."""
        for what in told.keys() | expected.keys():
            there, due = told[what], expected[what]
            if there < due:
                self.lost.append(f"{where}: {what} is there {there} times, not {due}")
            elif there > due:
                self.doubled.append(f"{where}: {what} is there {there} times, not {due}")


def verdict(heartline: Heartline, sent: Iterable[Event] = ()) -> Verdict:
    """Read everything that is committed and compare. `sent`: events that must be in the input topics."""
    found = Verdict()
    inputs = _inputs(heartline, found)
    _compare_sent(found, inputs, sent)
    signals = _by_partition(_without_poison(heartline, found, HEALTH_SIGNALS))
    entries = {p: [_entry(message) for message in log] for p, log in signals.items()}
    _compare_logged(found, inputs, entries)
    _compare_accounts(found, inputs, heartline.records(HEALTH_ACCOUNT_SIGNALS))
    _compare_outputs(found, heartline, entries)
    return found


# -- input to log ------------------------------------------------------------------------------------------------------


def _inputs(heartline: Heartline, found: Verdict) -> dict[Place, Event]:
    """The good records of the input topics by their place."""
    good: dict[Place, Event] = {}
    for topic in INPUTS:
        for message in _without_poison(heartline, found, topic.name):
            event = decode_event(topic.name, message.value(), now_ms=ANY_TIME, tenants=None)
            assert not isinstance(event, DecodeFailure), (_place(message), event)
            good[_place(message)] = event
    return good


def _without_poison(heartline: Heartline, found: Verdict, topic: str) -> list[Message]:
    """The good records of a topic; the bad ones are held against its dead letters."""
    good: list[Message] = []
    poison: Counter[Any] = Counter()
    for message in heartline.records(topic):
        headers = message.headers() or []
        if any(name == POISON for name, _ in headers):
            poison[_place(message), message.key(), message.value(), tuple(headers)] += 1
        else:
            good.append(message)
    found.records[topic] = len(good)
    letters = heartline.records(dead_letters_of(topic))
    found.records["dead letters"] += len(letters)
    found.compare(f"dead letters of {topic}", Counter(map(_letter, letters)), poison)
    return good


def _letter(message: Message) -> tuple[Any, ...]:
    """Where a dead letter came from, and all that it was: what is told of it comes after its own headers."""
    headers = message.headers() or []
    told = {name: value.decode() for name, value in headers[-TOLD:]}
    assert told["heartline_reason"]
    assert told["heartline_detail"]
    place = (told["heartline_topic"], int(told["heartline_partition"]), int(told["heartline_offset"]))
    return place, message.key(), message.value(), tuple(headers[:-TOLD])


def _compare_sent(found: Verdict, inputs: Mapping[Place, Event], sent: Iterable[Event]) -> None:
    due = Counter(event.event_id for event in sent)
    if due:
        found.compare("the input topics", Counter(event.event_id for event in inputs.values()), due)


def _compare_logged(found: Verdict, inputs: Mapping[Place, Event], entries: Mapping[int, list[Entry]]) -> None:
    """Each event has its entries; one that concerns every contact has one in every partition."""
    told = [_name(entry) for log in entries.values() for entry in log if not isinstance(entry.fact, Tick | Clock)]
    expected: Counter[Name] = Counter()
    for event in inputs.values():
        for entry in entries_of(_EPOCH, event, lambda _: None):
            expected[_name(entry)] += 1 if entry.subject is not None else len(entries)
    found.compare(HEALTH_SIGNALS, Counter(told), expected)
    _compare_order(found, inputs, told)
    partitions = Counter(subject for log in entries.values() for subject in {e.subject for e in log if e.subject})
    found.wrong += [f"{subject} is in {n} partitions" for subject, n in partitions.items() if n > 1]


def _compare_order(found: Verdict, inputs: Mapping[Place, Event], told: Iterable[Name]) -> None:
    """Of a contact, what came through one partition of an input stays in its order."""
    source: dict[Name, tuple[str, int]] = {}
    expected: dict[tuple[str, Any], list[Name]] = defaultdict(list)
    for (topic, partition, _offset), event in sorted(inputs.items(), key=lambda item: item[0]):
        entry = next(entries_of(_EPOCH, event, lambda _: None), None)
        if entry is not None and entry.subject is not None:
            name = _name(entry)
            source[name] = (topic, partition)
            expected[name[0], source[name]].append(name)
    there: dict[tuple[str, Any], list[Name]] = defaultdict(list)
    for name in told:
        if name in source:
            there[name[0], source[name]].append(name)
    found.wrong += [
        f"the order of {key} out of {where} has changed"
        for (key, where), names in expected.items()
        if there[key, where] != names and Counter(there[key, where]) == Counter(names)
    ]


def _compare_accounts(found: Verdict, inputs: Mapping[Place, Event], messages: list[Message]) -> None:
    decode = msgspec.json.Decoder(AccountSignal).decode
    told: Counter[Name] = Counter()
    for message in messages:
        fact = decode(message.value()).fact
        if isinstance(fact, Event):
            told[message.key().decode(), _type(fact), fact.event_id] += 1
    found.records[HEALTH_ACCOUNT_SIGNALS] = len(messages)
    expected: Counter[Name] = Counter()
    for event in inputs.values():
        account = getattr(event, "account", None)
        if account is not None and (isinstance(event, AccountUpdated) or getattr(event, "contact", None) is None):
            expected[f"{event.tenant}/{account}", _type(event), event.event_id] += 1
    found.compare(HEALTH_ACCOUNT_SIGNALS, told, expected)


# -- log to output -----------------------------------------------------------------------------------------------------


@dataclass
class Told:
    """What was published of one contact, in the order of the topics."""

    scores: list[ScoreUpdated] = field(default_factory=list)
    bands: list[BandChanged] = field(default_factory=list)
    closes: list[ScoreClosed] = field(default_factory=list)
    tombstones: int = 0


def _compare_outputs(found: Verdict, heartline: Heartline, entries: Mapping[int, list[Entry]]) -> None:
    told = _told(found, heartline)
    expected: dict[Subject, OracleContact] = {}
    for log in entries.values():
        expected |= run_oracle(log)
    found.contacts = len(expected)
    for subject in told.keys() | expected.keys():
        name = "/".join(subject)
        if subject not in expected:
            found.wrong.append(f"{name} is not in the log, and something was published of it")
        else:
            _compare_contact(found, name, told.get(subject, Told()), expected[subject])


def _compare_contact(found: Verdict, name: str, told: Told, expected: OracleContact) -> None:
    parts = (
        (HEALTH_SCORES, told.scores, expected.published, score_as_told, score_as_expected),
        (HEALTH_BAND_CHANGES, told.bands, expected.band_changes, band_as_told, band_as_expected),
        (HEALTH_SCORE_HISTORY, told.closes, expected.closes, close_as_told, close_as_expected),
    )
    for topic, there, due, as_told, as_expected in parts:
        if len(there) < len(due):
            found.lost.append(f"{topic}: {name} has {len(there)} records, not {len(due)}")
        elif len(there) > len(due):
            found.doubled.append(f"{topic}: {name} has {len(there)} records, not {len(due)}")
        lines = differences([as_told(one) for one in there], [as_expected(one) for one in due])  # type: ignore[operator]
        found.wrong += [f"{topic}: {name}: {line}" for line in lines[:SHOWN]]
    if told.tombstones != len(expected.tombstones):
        found.wrong.append(f"{name} has {told.tombstones} tombstones, not {len(expected.tombstones)}")


def _told(found: Verdict, heartline: Heartline) -> dict[Subject, Told]:
    told: dict[Subject, Told] = defaultdict(Told)
    ids: Counter[str] = Counter()
    for message in _in_order(heartline.records(HEALTH_SCORES), found, HEALTH_SCORES):
        if message.value() is None:
            told[_subject(message)].tombstones += 1
        else:
            told[_subject(message)].scores.append(_decoded(message, ScoreUpdated, ids))
    for message in _in_order(heartline.records(HEALTH_BAND_CHANGES), found, HEALTH_BAND_CHANGES):
        told[_subject(message)].bands.append(_decoded(message, BandChanged, ids))
    for message in _in_order(heartline.records(HEALTH_SCORE_HISTORY), found, HEALTH_SCORE_HISTORY):
        told[_subject(message)].closes.append(_decoded(message, ScoreClosed, ids))
    found.doubled += [f"the event id {event_id} was given {n} times" for event_id, n in ids.items() if n > 1]
    return told


OutputT = TypeVar("OutputT", bound=Output)


def _decoded(message: Message, kind: type[OutputT], ids: Counter[str]) -> OutputT:
    record = msgspec.json.decode(message.value() or b"", type=kind)
    ids[record.event_id] += 1
    return record


def _in_order(messages: list[Message], found: Verdict, topic: str) -> Iterator[Message]:
    found.records[topic] = len(messages)
    for log in _by_partition(messages).values():
        yield from log


def _by_partition(messages: Iterable[Message]) -> dict[int, list[Message]]:
    logs: dict[int, list[Message]] = defaultdict(list)
    for message in messages:
        logs[_place(message)[1]].append(message)
    for log in logs.values():
        log.sort(key=_place)
    return logs


def _entry(message: Message) -> Entry:
    signal = _decode_signal(message.value() or b"")
    return Entry(signal.at, None if message.key() is None else _subject(message), signal.fact)


def _subject(message: Message) -> Subject:
    tenant, _, contact = (message.key() or b"").decode().partition("/")
    return tenant, contact


def _name(entry: Entry) -> Name:
    assert not isinstance(entry.fact, Tick | Clock)
    return "/".join(entry.subject or ("every contact",)), _type(entry.fact), entry.fact.event_id


def _type(fact: msgspec.Struct) -> str:
    tag = str(fact.__struct_config__.tag)
    return "message" if tag.startswith("message.") else tag


def _place(message: Message) -> Place:
    return str(message.topic()), int(message.partition() or 0), int(message.offset() or 0)
