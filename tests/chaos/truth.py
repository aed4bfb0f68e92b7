"""What must be readable on a broker after whatever happened, worked out from the input topics alone.

Two steps, both by `tests.oracle`, which shares no code with `stream`: every record of an input topic has exactly its
entries in the logs, in order; and everything published is what those logs amount to. All as a reader of committed data
sees it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

import msgspec

from schemas.base import Event
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_ALERTS,
    HEALTH_BAND_CHANGES,
    HEALTH_SCORE_HISTORY,
    HEALTH_SCORES,
    HEALTH_SIGNALS,
    INPUTS,
    dead_letters_of,
)
from schemas.control import ModelPublished
from schemas.decoding import DecodeFailure, decode_event
from schemas.profiles import AccountUpdated
from schemas.scores import AlertRaised, BandChanged, Output, ScoreClosed, ScoreUpdated
from schemas.signals import AccountSignal, Clock, Erased, Signal, Tick
from tests.oracle.comparing import (
    alert_as_expected,
    alert_as_told,
    band_as_expected,
    band_as_told,
    close_as_expected,
    close_as_told,
    differences,
    in_order,
    score_as_expected,
    score_as_told,
)
from tests.oracle.contact import OracleContact
from tests.oracle.log import Entry, PassedOn, Subject, entries_of, run_oracles
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
Fields = dict[str, Any]
T = TypeVar("T")
OutputT = TypeVar("OutputT", bound=Output)


class Seen(NamedTuple):
    """A committed record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.topic, self.partition, self.offset

    @property
    def subject(self) -> Subject:
        """Whose it is, by its key."""
        tenant, _, contact = (self.key or b"").decode().partition("/")
        return tenant, contact


@dataclass
class Verdict:
    """What was compared (`records` by topic, `alerts` of contacts by kind), and what disagrees: expected and missing,
    there twice, or there and not as it has to be.
    """

    records: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
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
    entries = {p: [_entry(record) for record in log] for p, log in signals.items()}
    passed_on = PassedOn()
    expected = run_oracles(entries.values(), passed_on)
    _compare_logged(found, inputs, entries, passed_on)
    _compare_accounts(found, inputs, _records(heartline, HEALTH_ACCOUNT_SIGNALS), heartline.settings.partitions)
    _compare_outputs(found, heartline, expected)
    return found


# -- input to log ------------------------------------------------------------------------------------------------------


def _inputs(heartline: Heartline, found: Verdict) -> dict[Place, Event]:
    """The good records of the input topics by their place."""
    good: dict[Place, Event] = {}
    for topic in INPUTS:
        for record in _without_poison(heartline, found, topic.name):
            event = decode_event(topic.name, record.value, now_ms=ANY_TIME, tenants=None)
            assert not isinstance(event, DecodeFailure), (record.place, event)
            good[record.place] = event
    return good


def _records(heartline: Heartline, topic: str) -> list[Seen]:
    messages: list[Any] = heartline.records(topic)
    return [
        Seen(
            topic, message.partition(), message.offset(), message.key(), message.value(), tuple(message.headers() or ())
        )
        for message in messages
    ]


def _without_poison(heartline: Heartline, found: Verdict, topic: str) -> list[Seen]:
    """The good records of a topic; the bad ones are held against its dead letters."""
    good: list[Seen] = []
    poison: Counter[Seen] = Counter()
    for record in _records(heartline, topic):
        if any(name == POISON for name, _ in record.headers):
            poison[record] += 1
        else:
            good.append(record)
    found.records[topic] = len(good)
    letters = _records(heartline, dead_letters_of(topic))
    found.records["dead letters"] += len(letters)
    found.compare(f"dead letters of {topic}", Counter(map(_letter, letters)), poison)
    return good


def _letter(record: Seen) -> Seen:
    """What a dead letter was, and where: what is told of it comes after its own headers."""
    told = {name: (value or b"").decode() for name, value in record.headers[-TOLD:]}
    assert told["heartline_reason"]
    assert told["heartline_detail"]
    place = (told["heartline_topic"], int(told["heartline_partition"]), int(told["heartline_offset"]))
    return Seen(*place, record.key, record.value, record.headers[:-TOLD])


def _compare_sent(found: Verdict, inputs: Mapping[Place, Event], sent: Iterable[Event]) -> None:
    due = Counter(event.event_id for event in sent)
    if due:
        found.compare("the input topics", Counter(event.event_id for event in inputs.values()), due)


def _compare_logged(
    found: Verdict, inputs: Mapping[Place, Event], entries: Mapping[int, list[Entry]], passed_on: PassedOn
) -> None:
    """Each event has its entries; one that concerns every contact has one in every partition, and one that came to an
    alias another one for the contact that it stands for.
    """
    told = [
        _name(entry) for log in entries.values() for entry in log if not isinstance(entry.fact, Tick | Clock | Erased)
    ]
    expected: Counter[tuple[str, str]] = Counter()
    for to, event_id in passed_on.due.elements():
        expected["/".join(to), event_id] += 1
    for event in inputs.values():
        for entry in entries_of(_EPOCH, event, lambda _: None):
            subject, _type_of, event_id = _name(entry)
            expected[subject, event_id] += 1 if entry.subject is not None else len(entries)
    found.compare(HEALTH_SIGNALS, Counter((subject, event_id) for subject, _, event_id in told), expected)
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


def _compare_accounts(found: Verdict, inputs: Mapping[Place, Event], records: list[Seen], partitions: int) -> None:
    decode = msgspec.json.Decoder(AccountSignal).decode
    told: Counter[Name] = Counter()
    for record in records:
        fact = decode(record.value or b"").fact
        if isinstance(fact, Event):
            told["/".join(record.subject), _type(fact), fact.event_id] += 1
    found.records[HEALTH_ACCOUNT_SIGNALS] = len(records)
    expected: Counter[Name] = Counter()
    for event in inputs.values():
        account = getattr(event, "account", None)
        if account is not None and (isinstance(event, AccountUpdated) or getattr(event, "contact", None) is None):
            expected[f"{event.tenant}/{account}", _type(event), event.event_id] += 1
        if isinstance(event, ModelPublished):
            expected["/", _type(event), event.event_id] += partitions
    found.compare(HEALTH_ACCOUNT_SIGNALS, told, expected)


# -- log to output -----------------------------------------------------------------------------------------------------


@dataclass
class Told:
    """What was published of one contact, in the order of the topics."""

    scores: list[ScoreUpdated] = field(default_factory=list)
    bands: list[BandChanged] = field(default_factory=list)
    closes: list[ScoreClosed] = field(default_factory=list)
    alerts: list[AlertRaised] = field(default_factory=list)
    tombstones: int = 0


def _compare_outputs(found: Verdict, heartline: Heartline, expected: Mapping[Subject, OracleContact]) -> None:
    told = _told(found, heartline)
    found.contacts = len(expected)
    for subject in told.keys() | expected.keys():
        name = "/".join(subject)
        if subject not in expected:
            found.wrong.append(f"{name} is not in the log, and something was published of it")
        else:
            _compare_contact(found, name, told.get(subject, Told()), expected[subject])


def _compare_contact(found: Verdict, name: str, told: Told, expected: OracleContact) -> None:
    _compare_records(
        found,
        f"{HEALTH_SCORES}: {name}",
        [score_as_told(one) for one in told.scores],
        [score_as_expected(one) for one in expected.published],
    )
    _compare_records(
        found,
        f"{HEALTH_BAND_CHANGES}: {name}",
        [band_as_told(one) for one in told.bands],
        [band_as_expected(one) for one in expected.band_changes],
    )
    _compare_records(
        found,
        f"{HEALTH_SCORE_HISTORY}: {name}",
        [close_as_told(one) for one in told.closes],
        [close_as_expected(one) for one in expected.closes],
    )
    _compare_records(
        found,
        f"{HEALTH_ALERTS}: {name}",
        in_order([alert_as_told(one) for one in told.alerts]),
        in_order([alert_as_expected(one) for one in expected.alerts.told]),
    )
    if told.tombstones != len(expected.tombstones):
        found.wrong.append(f"{name} has {told.tombstones} tombstones, not {len(expected.tombstones)}")


def _compare_records(found: Verdict, where: str, there: list[Fields], due: list[Fields]) -> None:
    if len(there) < len(due):
        found.lost.append(f"{where} has {len(there)} records, not {len(due)}")
    elif len(there) > len(due):
        found.doubled.append(f"{where} has {len(there)} records, not {len(due)}")
    found.wrong += [f"{where}: {line}" for line in differences(there, due)[:SHOWN]]


def _told(found: Verdict, heartline: Heartline) -> dict[Subject, Told]:
    told: dict[Subject, Told] = defaultdict(Told)
    ids: Counter[str] = Counter()
    for record in _in_order(heartline, found, HEALTH_SCORES):
        if record.value is None:
            told[record.subject].tombstones += 1
        else:
            told[record.subject].scores.append(_decoded(record, ScoreUpdated, ids))
    for record in _in_order(heartline, found, HEALTH_BAND_CHANGES):
        told[record.subject].bands.append(_decoded(record, BandChanged, ids))
    for record in _in_order(heartline, found, HEALTH_SCORE_HISTORY):
        told[record.subject].closes.append(_decoded(record, ScoreClosed, ids))
    for record in _in_order(heartline, found, HEALTH_ALERTS):
        alert = _decoded(record, AlertRaised, ids)
        if alert.contact is not None:  # those of accounts depend on what comes of all their contacts
            told[record.subject].alerts.append(alert)
            found.alerts[alert.kind] += 1
    found.doubled += [f"the event id {event_id} was given {n} times" for event_id, n in ids.items() if n > 1]
    return told


def _decoded(record: Seen, kind: type[OutputT], ids: Counter[str]) -> OutputT:
    output = msgspec.json.decode(record.value or b"", type=kind)
    ids[output.event_id] += 1
    return output


def _in_order(heartline: Heartline, found: Verdict, topic: str) -> Iterator[Seen]:
    records = _records(heartline, topic)
    found.records[topic] = len(records)
    for log in _by_partition(records).values():
        yield from log


def _by_partition(records: Iterable[Seen]) -> dict[int, list[Seen]]:
    logs: dict[int, list[Seen]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.place):
        logs[record.partition].append(record)
    return logs


def _entry(record: Seen) -> Entry:
    signal = _decode_signal(record.value or b"")
    subject = None if record.key is None else record.subject
    return Entry(signal.at, subject, signal.fact, signal.mode, signal.alerts)


def _name(entry: Entry) -> Name:
    assert not isinstance(entry.fact, Tick | Clock | Erased)
    return "/".join(entry.subject or ("every contact",)), _type(entry.fact), entry.fact.event_id


def _type(fact: msgspec.Struct) -> str:
    tag = str(fact.__struct_config__.tag)
    return "message" if tag.startswith("message.") else tag
