"""The truth can fail: whatever a log, a profile or a receipt says that the input does not, it finds and names."""

import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from models.sentiment.vader import VaderClassifier
from schemas.base import Event
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_PROFILES,
    HEALTH_RECEIPTS,
    HEALTH_SIGNALS,
    INPUT_TOPIC_OF,
    INPUTS,
)
from schemas.control import ContactErased, ContactMerged
from schemas.decoding import InputEvent, encode
from schemas.generate import FOLDER
from schemas.messages import MessageCreated
from schemas.profiles import ContactUpdated
from schemas.signals import AccountFact, AccountSignal, ContactFact, Signal
from schemas.tickets import TicketOpened
from stream.routing import classified, route
from stream.simulate import deliver, simulate
from tests.chaos.seen import Verdict
from tests.chaos.truth import verdict
from tests.oracle.logged import NOT_LOGGED, Json, fields_of
from tests.unit.stream.test_scoring import Stage

NAME = {"type", "event_id"}
"""Changed, a fact is another one: that is told of what is lost and what is strange."""

ONE_OF_TWO = {
    "override.cleared.of-a-contact.account", "override.cleared.of-an-account.contact",
    "override.set.of-a-contact.account", "override.set.of-an-account-until-a-day.contact",
    "review.posted.by-a-contact.account", "review.posted.of-an-account.contact",
}  # fmt: skip
"""A fact of both a contact and an account cannot be written."""

FIELD_OF = re.compile(r"health\S*signals: \S+ (\S+): (\w+) is ").match

Change = Callable[[Json], Json]
BITTER = "This is awful, terrible, horrible."
EXAMPLES = FOLDER / "examples"
LOGGED: Any = ContactFact | AccountFact
EVENTS = {str(of.__struct_config__.tag): of for topic in INPUTS for of in topic.values}


@dataclass
class Record:
    """A record of a topic in memory, as the client of Kafka has it."""

    place: tuple[str, int]
    named: bytes | None
    said: bytes | None

    def topic(self) -> str:
        return self.place[0]

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self.place[1]

    def key(self) -> bytes | None:
        return self.named

    def value(self) -> bytes | None:
        return self.said

    def headers(self) -> list[tuple[str, bytes]]:
        return []


class Played:
    """Intake's routing and scoring over fakes, in one partition. `change` is done to each fact on its way to a log."""

    settings = SimpleNamespace(partitions=1)

    def __init__(self, events: list[Event], change: Change = lambda fact: fact) -> None:
        self.topics: dict[str, list[Record]] = defaultdict(list)
        self._change = change
        self._stage = Stage()
        self._classifier = VaderClassifier()
        self._now = time.time_ns() // 1_000_000
        self._events = events
        for event in events:
            self._put(INPUT_TOPIC_OF[type(cast(InputEvent, event))], b"", encode(event))
            entries = route(self._read(event) if isinstance(event, MessageCreated) else event)
            # All are there at once, so what scoring says of one comes after the others.
            for topic, key, fact in sorted(entries, key=lambda entry: entry.topic == HEALTH_SIGNALS):
                self._log(topic, key, fact)

    def records(self, topic: str) -> list[Record]:
        """What is in a topic."""
        return self.topics[topic]

    def verdict(self) -> Verdict:
        """What the truth makes of it."""
        return verdict(cast(Any, self), self._events)

    def _read(self, message: MessageCreated) -> Event:
        reading = self._classifier.classify([message.text])[0] if message.author == "customer" else None
        return classified(message, reading, f"vader {self._classifier.version}")

    def _log(self, topic: str, key: bytes | None, fact: Any) -> None:
        self._now += 1
        if fact is None or topic == HEALTH_PROFILES:
            self._put(topic, key, None if fact is None else encode(fact))
            return
        said = self._change(msgspec.json.decode(encode(fact)))
        of: Any = Signal if topic == HEALTH_SIGNALS else AccountSignal
        entry = encode(as_a(of, {"at": self._now, "fact": said}))
        if topic == HEALTH_SIGNALS:
            self._fold(key, entry)
        else:
            self._put(topic, key, entry)

    def _fold(self, key: bytes | None, entry: bytes) -> None:
        entries = deque([(key, entry)])
        while entries:
            key, entry = entries.popleft()
            record = self._put(HEALTH_SIGNALS, key, entry)
            for sent in self._stage.fold(entry, key=key, offset=record.offset()):
                if sent.topic == HEALTH_SIGNALS:
                    entries.append((sent.key, sent.value or b""))
                else:
                    self._put(sent.topic, sent.key, sent.value)

    def _put(self, topic: str, key: bytes | None, value: bytes | None) -> Record:
        record = Record((topic, len(self.topics[topic])), key, value)
        self.topics[topic].append(record)
        return record


def examples() -> Iterator[tuple[str, Json]]:
    """Every accepted example of an input's type, with its name."""
    for kind in EVENTS:
        for file in sorted((EXAMPLES / kind / "accepted").glob("*.json")):
            event = json.loads(file.read_bytes())
            if kind == "model.published":
                event["model"] = {"version": event["version"], "components": {"nps": {"weight": 1}}}
            yield f"{kind}.{file.stem}", event


def others(value: Any) -> Iterator[Any]:
    """What could stand in a field instead."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield from (value + 1, value - 1, value / 2)
        return
    if isinstance(value, dict):
        yield {**value, "components": {"ces": {"weight": 1}}} if "components" in value else {"another": 1.0}
    yield from ("another", "2026-01-01T00:00:00Z", "bot", "system", "on_hold", "closed", "high", "low", "ces", "nps")
    yield from ("healthy", "at_risk", "positive", "neutral", True, False, ["sad"], {"another": 1.0}, 0.5, 7)


def changed(fact: Json, field: str) -> Json | None:
    """The fact with another value in a field, if it can have one."""
    for other in others(fact.get(field)):
        if other != fact.get(field):
            try:
                as_a(LOGGED, fact | {field: other})
            except msgspec.ValidationError:
                continue
            return fact | {field: other}
    return None


def as_a(of: Any, record: Json) -> Any:
    """A record as one of a type."""
    return msgspec.json.decode(msgspec.json.encode(record), type=of)


def test_every_field_of_every_fact_that_is_another_in_the_log_is_found() -> None:
    events: list[Event] = []
    fields: dict[str, str] = {}
    for name, event in examples():
        for field in fields_of()[event["type"].replace("message.created", "message.classified")]:
            event_id = f"{name}.{field}"
            fields[event_id] = field
            own = {name: f"{name}.{len(events)}" for name in ("contact", "account") if event.get(name) is not None}
            events.append(as_a(InputEvent, event | own | {"event_id": event_id}))
    left = set(fields)

    def change(fact: Json) -> Json:
        field = fields[fact["event_id"]]
        other = None if field in NAME else changed(fact, field)
        return fact if other is None else other

    for line in Played(events, change).verdict().wrong:
        found = FIELD_OF(line)
        left -= {found[1]} if found and fields.get(found[1]) == found[2] else set()
    assert {name for name in left if fields[name] not in NAME and not name.startswith(NOT_LOGGED)} == ONE_OF_TWO


def helpdesk() -> list[Event]:
    """A month of a desk, with duplicates; then a contact is merged, and the profile of an erased one comes again, and
    that of the merged one, which is erased by its new name too. One more turns out to be the erased one.
    """
    now = datetime.now(UTC)
    told = [*simulate(seed=3, contacts=30, events=1_000, decisions=False, start=now - timedelta(days=30))]
    profiles = [event for event in told if isinstance(event, ContactUpdated)]
    merged, into, erased, other = list(dict.fromkeys(event.contact for event in profiles))[:4]
    return [
        *(arrival.event for arrival in deliver(told, duplicates=0.1)),
        ContactMerged(event_id="merged", occurred_at=now, contact=merged, into=into),
        TicketOpened(event_id="after", occurred_at=now, contact=merged, ticket="after"),
        ContactErased(event_id="erased", occurred_at=now, contact=erased),
        *(event for event in profiles if event.contact == erased),
        ContactMerged(event_id="merged-too-late", occurred_at=now, contact=other, into=erased),
        *(event for event in profiles if event.contact == merged),
        ContactErased(event_id="all", occurred_at=now, contact=into),
        ContactUpdated(event_id="named", occurred_at=now + timedelta(minutes=1), contact=merged, name="Somebody"),
    ]


def test_what_is_true_is_found_true() -> None:
    assert Played(helpdesk()).verdict().problems == []


def test_a_log_in_which_every_answer_is_the_lowest_and_every_ticket_is_one_is_found_out() -> None:
    lowest: dict[str, Change] = {
        "survey.answered": lambda fact: fact | {"value": fact["scale_min"]},
        "ticket.opened": lambda fact: fact | {"severity": "low", "ticket": "one"},
    }
    played = Played(helpdesk(), lambda fact: lowest[fact["type"]](fact) if fact["type"] in lowest else fact)
    wrong = "\n".join(played.verdict().wrong)
    assert all(f": {field} is " in wrong for field in ("value", "severity", "ticket"))


def lose(topic: list[Record], at: int) -> None:
    """A record is not there."""
    del topic[at]


def double(topic: list[Record], at: int) -> None:
    """A record is there twice."""
    topic.insert(at, topic[at])


def misname(topic: list[Record], at: int) -> None:
    """A record has the key of another subject."""
    topic[at] = replace(topic[at], named=(topic[at].named or b"") + b"x")


def add_text(topic: list[Record], at: int) -> None:
    """A record holds a field that it must not hold."""
    record = topic[at]
    said = json.loads(record.said or b"")
    said.get("fact", said)["text"] = "My number is 123."
    topic[at] = replace(record, said=json.dumps(said).encode())


def rename(topic: list[Record], at: int) -> None:
    """A profile tells another name, a receipt another day."""
    record = topic[at]
    said = json.loads(record.said or b"") | {"name": "Somebody", "erased_at": "2026-01-01T00:00:00Z"}
    topic[at] = replace(record, said=json.dumps(said).encode())


@pytest.mark.parametrize(
    ("topic", "kind", "do"),
    [
        *((HEALTH_SIGNALS, "message.classified", do) for do in (lose, double, misname, add_text)),
        *((HEALTH_SIGNALS, "contact.absorbed", do) for do in (lose, double)),
        *((HEALTH_ACCOUNT_SIGNALS, "account.updated", do) for do in (lose, double, misname, add_text)),
        *((HEALTH_PROFILES, "profile.changed", do) for do in (lose, double, misname, add_text, rename)),
        *((HEALTH_PROFILES, None, do) for do in (lose, double, misname)),
        *((HEALTH_RECEIPTS, "contact.forgotten", do) for do in (lose, double, misname, rename)),
    ],
)
def test_what_is_lost_doubled_misnamed_or_told_too_much_is_found(
    played: Played, topic: str, kind: str | None, do: Callable[[list[Record], int], None]
) -> None:
    there = played.topics[topic]
    at = next(n for n, record in enumerate(there) if kind_of(record) == kind)
    before = list(there)
    do(there, at)
    played.topics[topic] = [replace(record, place=(topic, offset)) for offset, record in enumerate(there)]
    try:
        problems = played.verdict().problems
    finally:
        played.topics[topic] = before
    assert any(topic in line for line in problems), problems


def test_a_name_that_stands_behind_its_deletion_is_found(played: Played) -> None:
    before = played.topics[HEALTH_PROFILES]
    ordered = sorted(before, key=lambda record: record.said is not None)
    played.topics[HEALTH_PROFILES] = [
        replace(record, place=(HEALTH_PROFILES, offset)) for offset, record in enumerate(ordered)
    ]
    try:
        problems = played.verdict().problems
    finally:
        played.topics[HEALTH_PROFILES] = before
    assert sum("must be gone" in line for line in problems) == 3, "the erased one's, the alias's and its new name's"


def kind_of(record: Record) -> str | None:
    """The type of what a record says; None of a tombstone."""
    said = None if record.said is None else json.loads(record.said)
    return said and str(said.get("fact", said)["type"])


@pytest.fixture(scope="module")
def played() -> Played:
    return Played(helpdesk())
