"""What must be readable on a broker after whatever happened, worked out from the input topics alone.

Two steps, both by `tests.oracle`, which shares no code with `stream`: every record of an input topic has exactly its
entries in the logs, in order, and they say of it, field by field, what the input says (`tests.chaos.kept`); and
everything published is what those logs amount to. So the logs give no more than the order and the time. All as a reader
of committed data sees it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_ALERTS,
    HEALTH_BAND_CHANGES,
    HEALTH_PROFILES,
    HEALTH_RECEIPTS,
    HEALTH_SCORE_HISTORY,
    HEALTH_SCORES,
    HEALTH_SIGNALS,
    INPUTS,
    dead_letters_of,
)
from schemas.scores import AlertRaised, BandChanged, ContactForgotten, Output, ScoreClosed, ScoreUpdated
from schemas.signals import Signal
from tests.chaos.kept import compare_accounts, compare_profiles, compare_signals, inputs_of
from tests.chaos.seen import POISON, Named, Seen, Verdict, by_partition, records
from tests.oracle.comparing import (
    alert_as_expected,
    alert_as_told,
    band_as_expected,
    band_as_told,
    close_as_expected,
    close_as_told,
    differences,
    in_order,
    receipt_as_expected,
    receipt_as_told,
    score_as_expected,
    score_as_told,
)
from tests.oracle.contact import OracleContact
from tests.oracle.log import Entry, PassedOn, Subject, run_oracles
from tests.oracle.logged import Reads, by_vader
from tests.support.heartline import Heartline

TOLD = 5
"""How many headers say why a record is a dead letter, and where it came from."""

_decode_signal = msgspec.json.Decoder(Signal).decode
SHOWN = 5

Fields = dict[str, Any]
OutputT = TypeVar("OutputT", bound=Output)


def verdict(heartline: Heartline, sent: Iterable[Named] = (), reads: Reads = by_vader) -> Verdict:
    """Read everything that is committed and compare. `sent`: events that must be in the input topics; `reads`: what the
    classifier makes of a text.
    """
    found = Verdict()
    partitions = heartline.settings.partitions
    good = [record for topic in INPUTS for record in _without_poison(heartline, found, topic.name)]
    _compare_sent(found, good, sent)
    signals = by_partition(_without_poison(heartline, found, HEALTH_SIGNALS))
    passed_on = PassedOn()
    expected = run_oracles(([_entry(record) for record in log] for log in signals.values()), passed_on)
    inputs = inputs_of(good, reads)
    compare_signals(found, inputs, signals, passed_on, partitions)
    compare_accounts(found, inputs, records(heartline, HEALTH_ACCOUNT_SIGNALS), partitions)
    compare_profiles(found, inputs, by_partition(records(heartline, HEALTH_PROFILES)), expected)
    _compare_outputs(found, heartline, expected)
    return found


# -- input to log ------------------------------------------------------------------------------------------------------


def _without_poison(heartline: Heartline, found: Verdict, topic: str) -> list[Seen]:
    """The good records of a topic; the bad ones are held against its dead letters."""
    good: list[Seen] = []
    poison: Counter[Seen] = Counter()
    for record in records(heartline, topic):
        if any(name == POISON for name, _ in record.headers):
            poison[record] += 1
        else:
            good.append(record)
    found.records[topic] = len(good)
    letters = records(heartline, dead_letters_of(topic))
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


def _compare_sent(found: Verdict, good: Iterable[Seen], sent: Iterable[Named]) -> None:
    due = Counter(event.event_id for event in sent)
    if due:
        there = Counter(json.loads(record.value or b"")["event_id"] for record in good)
        found.compare("the input topics", there, due)


# -- log to output -----------------------------------------------------------------------------------------------------


@dataclass
class Told:
    """What was published of one contact, in the order of the topics."""

    scores: list[ScoreUpdated] = field(default_factory=list)
    bands: list[BandChanged] = field(default_factory=list)
    closes: list[ScoreClosed] = field(default_factory=list)
    alerts: list[AlertRaised] = field(default_factory=list)
    receipts: list[ContactForgotten] = field(default_factory=list)
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
    _compare_records(
        found,
        f"{HEALTH_RECEIPTS}: {name}",
        [receipt_as_told(one) for one in told.receipts],
        [receipt_as_expected(expected.tenant, expected.contact, one) for one in expected.receipts],
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
    for record in _in_order(heartline, found, HEALTH_RECEIPTS):
        told[record.subject].receipts.append(_decoded(record, ContactForgotten, ids))
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
    there = records(heartline, topic)
    found.records[topic] = len(there)
    for log in by_partition(there).values():
        yield from log


def _entry(record: Seen) -> Entry:
    signal = _decode_signal(record.value or b"")
    subject = None if record.key is None else record.subject
    return Entry(signal.at, subject, signal.fact, signal.mode, signal.alerts, signal.hops > 0)
