"""From the input to the logs and the profiles: each record has there what it has to have, whole, once, in its order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_PROFILES, HEALTH_SIGNALS
from tests.chaos.seen import Place, Seen, Verdict
from tests.oracle.contact import OracleContact
from tests.oracle.log import PassedOn, Subject
from tests.oracle.logged import Json, Kept, Reads, kept_of, whole

UNASKED = ("tick", "clock", "erased", "tick.done", "members.forgotten", "member.contributed", "member.left")
"""Facts of the logs that no input's record is the reason of."""
SHOWN = 5

Facts = dict[tuple[str, str], list[Json]]
"""Facts by key and the event's id."""


class Inputs(NamedTuple):
    """What has to be kept of each good record of the input topics, in their order."""

    kept: Mapping[Place, list[Kept]]

    def facts(self, topic: str, partitions: int) -> Facts:
        """What a topic has to hold."""
        facts: Facts = defaultdict(list)
        for one in self.of(topic):
            if one.fact is not None:
                for key in [f"partition-{p}" for p in range(partitions)] if one.key is None else [one.key]:
                    facts[key, one.fact["event_id"]].append(one.fact)
        return facts

    def of(self, topic: str) -> Iterable[Kept]:
        """All that is for a topic."""
        return (one for kept in self.kept.values() for one in kept if one.topic == topic)


def inputs_of(good: Iterable[Seen], reads: Reads) -> Inputs:
    """What is kept of the good records of all input topics."""
    ordered = sorted(good, key=lambda record: record.place)
    return Inputs({record.place: list(kept_of(record.value or b"", reads)) for record in ordered})


def compare_signals(
    found: Verdict, inputs: Inputs, signals: Mapping[int, list[Seen]], passed_on: PassedOn, partitions: int
) -> None:
    """Each event has its entries; one that concerns every contact has one in every partition, and one that came to an
    alias another one for the contact that it stands for.
    """
    due = inputs.facts(HEALTH_SIGNALS, partitions)
    for to, fact in passed_on.due:
        due["/".join(to), fact.event_id].append(_logged(msgspec.json.decode(msgspec.json.encode(fact))))
    told = _told(record for log in signals.values() for record in log)
    _compare_facts(found, HEALTH_SIGNALS, told, due)
    _compare_order(found, inputs, signals)
    homes: dict[str, set[int]] = defaultdict(set)
    for partition, log in signals.items():
        for record in log:
            if record.key is not None:
                homes[record.name].add(partition)
    found.wrong += [f"{name} is in {len(where)} partitions" for name, where in homes.items() if len(where) > 1]


def compare_accounts(found: Verdict, inputs: Inputs, entries: list[Seen], partitions: int) -> None:
    """What intake says of accounts (what contacts say of themselves depends on all that comes of them)."""
    found.records[HEALTH_ACCOUNT_SIGNALS] = len(entries)
    due = inputs.facts(HEALTH_ACCOUNT_SIGNALS, partitions)
    _compare_facts(found, HEALTH_ACCOUNT_SIGNALS, _told(entries), due)


def compare_profiles(
    found: Verdict, inputs: Inputs, profiles: Mapping[int, list[Seen]], contacts: Mapping[Subject, OracleContact]
) -> None:
    """Each profile is told once, and the latest of a subject is the last one that came: none of an erased contact."""
    told: Facts = defaultdict(list)
    latest: dict[str, Json | None] = {}
    gone: Counter[str] = Counter()
    for record in (record for log in profiles.values() for record in log):
        fact = None if record.value is None else whole(msgspec.json.decode(record.value))
        latest[record.name] = fact
        if fact is None:
            gone[record.name] += 1
        else:
            told[record.name, fact["event_id"]].append(fact)
    found.records[HEALTH_PROFILES] = sum(map(len, profiles.values()))
    _compare_facts(found, HEALTH_PROFILES, told, inputs.facts(HEALTH_PROFILES, 0))
    last = {str(one.key): one.fact for one in inputs.of(HEALTH_PROFILES) if one.fact is not None}
    erased = Counter(str(one.key) for one in inputs.of(HEALTH_PROFILES) if one.fact is None)
    for (tenant, _), contact in contacts.items():
        erased.update(f"{tenant}/contact/{name}" for name in contact.unnamed)
    found.compare(f"tombstones in {HEALTH_PROFILES}", gone, erased)
    for key in latest.keys() | last.keys():
        tenant, kind, subject = key.split("/", 2)
        there, due = latest.get(key), last.get(key)
        contact = contacts.get((tenant, subject)) if kind == "contact" else None
        if contact is not None and contact.is_nameless and there is not None:
            found.wrong.append(f"{HEALTH_PROFILES}: {key} must be gone, and its latest record is {there}")
        elif there != due and not (there is None and gone[key]):
            found.wrong.append(f"{HEALTH_PROFILES}: the latest of {key} is {there}, not {due}")


def _told(entries: Iterable[Seen]) -> Facts:
    facts: Facts = defaultdict(list)
    for record in entries:
        entry = msgspec.json.decode(record.value or b"")
        if entry["fact"]["type"] not in UNASKED:
            key = f"partition-{record.partition}" if record.key is None else record.name
            facts[key, entry["fact"]["event_id"]].append(_logged(entry["fact"]))
    return facts


def _logged(fact: Json) -> Json:
    """A fact of a log, whole; of what one contact hands over to another, what it is about."""
    return whole(fact) | ({"facts": None} if fact["type"] == "contact.absorbed" else {})


def _compare_facts(found: Verdict, topic: str, told: Facts, due: Facts) -> None:
    for name in told.keys() | due.keys():
        there, expected = told.get(name, []), due.get(name, [])
        where = f"{topic}: {' '.join(name)}"
        found.count(where, len(there), len(expected))
        strange = [fact for fact in there if fact not in expected]
        missing = [fact for fact in expected if fact not in there]
        found.wrong += [
            f"{where}: {line}" for one, other in zip(strange, missing, strict=False) for line in _differ(one, other)
        ]
        if there and len(there) == len(expected) and not strange and missing:
            found.wrong.append(f"{where}: {missing} is not there, and another one twice")


def _differ(told: Json, due: Json) -> list[str]:
    names = sorted(told.keys() | due.keys())
    return [f"{name} is {told.get(name)!r}, not {due.get(name)!r}" for name in names if told.get(name) != due.get(name)]


def _compare_order(found: Verdict, inputs: Inputs, signals: Mapping[int, list[Seen]]) -> None:
    """Of a contact, what came through one partition of an input stays in its order."""
    source: dict[tuple[str, str], tuple[str, int]] = {}
    expected: dict[tuple[str, tuple[str, int]], list[str]] = defaultdict(list)
    for (topic, partition, _offset), kept in inputs.kept.items():
        one = next((one for one in kept if one.topic == HEALTH_SIGNALS and one.key is not None), None)
        if one is not None and one.fact is not None:
            key, event_id = str(one.key), one.fact["event_id"]
            source[key, event_id] = topic, partition
            expected[key, (topic, partition)].append(event_id)
    there: dict[tuple[str, tuple[str, int]], list[str]] = defaultdict(list)
    for log in signals.values():
        for record in log:
            name = record.name, msgspec.json.decode(record.value or b"")["fact"].get("event_id", "")
            if name in source:
                there[name[0], source[name]].append(name[1])
    found.wrong += [
        f"the order of {key} out of {where} has changed"
        for (key, where), ids in expected.items()
        if there[key, where] != ids and sorted(there[key, where]) == sorted(ids)
    ]
