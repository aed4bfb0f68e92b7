"""The oracle's own reading of a log, and its own idea of what intake writes there."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from schemas.base import Event, Mode, SentimentLabel
from schemas.control import ContactErased, ContactMerged, ModelPublished, SubjectEvent
from schemas.event_ids import event_id
from schemas.messages import MessageClassified, MessageCreated
from schemas.profiles import AccountUpdated, ContactUpdated
from schemas.signals import Clock, ContactAbsorbed, ContactFact, Erased, Tick
from schemas.surveys import ReviewPosted
from schemas.tickets import TicketUpdated
from tests.oracle.alerts import How
from tests.oracle.contact import OracleContact
from tests.oracle.facts import DAY, milliseconds
from tests.oracle.model import Model, model_of

Subject = tuple[str, str]
"""Tenant and contact."""

LabelOf = Callable[[MessageCreated], SentimentLabel | None]


class Entry(NamedTuple):
    """An entry of the log: at a time (UTC milliseconds), about a contact or (None) about all."""

    at: int
    subject: Subject | None
    fact: ContactFact | Tick | Clock | ModelPublished | Erased
    mode: Mode = "live"
    alerts: bool = False
    passed_on: bool = False

    @property
    def quiet(self) -> bool:
        """Whether it is an import that asks for no alerts."""
        return self.mode == "import" and not self.alerts

    @property
    def how(self) -> How:
        """How a contact's fact came."""
        late = self.at - milliseconds(self.fact.occurred_at) > DAY  # type: ignore[union-attr]
        return How(quiet=self.quiet, late=late, passed_on=self.passed_on)


Past = tuple[ContactMerged, set[str], list[ContactFact]]
"""A merge, and what the merged contact was called and did until then."""


@dataclass
class PassedOn:
    """What aliases pass on, where the log is a real one: it comes back as entries of its own, in any partition.

    `due`: the entries that have to be in the logs for it, each with its subject and its fact; `handed`: what each
    `contact.absorbed` says (its `facts` are a row's own affair, and empty here).
    """

    due: list[tuple[Subject, ContactFact]] = field(default_factory=list)
    handed: dict[str, Past] = field(default_factory=dict)


class OraclePartition:
    """The contacts of one log, entry by entry. Without `passed_on` what an alias passes on is told at once."""

    def __init__(self, passed_on: PassedOn | None = None) -> None:
        self.contacts: dict[Subject, OracleContact] = {}
        self._models: dict[str, Model] = {}
        self._clock, self._last_day = 0, ""
        self._passed_on = passed_on

    def waits(self, entry: Entry) -> bool:
        """Whether an entry says what another partition has not said yet."""
        return isinstance(entry.fact, ContactAbsorbed) and entry.fact.event_id not in self._handed

    @property
    def _handed(self) -> dict[str, Past]:
        assert self._passed_on is not None
        return self._passed_on.handed

    def feed(self, entry: Entry) -> None:
        """The next entry."""
        subject, fact = entry.subject, entry.fact
        if subject is not None:
            assert not isinstance(fact, Tick | Clock | ModelPublished | Erased)
            self._tell(max(entry.at, self._clock), subject, fact, entry.how)
            return
        self._clock = max(self._clock, entry.at)
        if isinstance(fact, Clock):
            for contact in self.contacts.values():
                contact.pass_due(self._clock)
        if isinstance(fact, Tick) and fact.day.isoformat() > self._last_day:
            self._last_day = fact.day.isoformat()
            for contact in self.contacts.values():
                contact.tick(self._last_day, self._clock, How(quiet=entry.quiet, daily=True))
        if isinstance(fact, ModelPublished):
            self._models[fact.tenant] = model_of(fact)
            for (tenant, _), contact in self.contacts.items():
                if tenant == fact.tenant:
                    how = How(quiet=entry.mode == "import", remodelled=True)
                    contact.remodel(self._models[tenant], self._clock, how)

    def _contact(self, subject: Subject) -> OracleContact:
        if subject not in self.contacts:
            self.contacts[subject] = OracleContact(*subject, self._models.get(subject[0]))
        return self.contacts[subject]

    def _tell(self, at: int, subject: Subject, fact: ContactFact, how: How) -> None:
        """Tell a contact of a fact; an alias only of merges and erasures, and the other one of all but the merges."""
        contact = self._contact(subject)
        into = contact.alias_of
        if isinstance(fact, ContactMerged):
            past = contact.merge(at, fact, how)
            if past is not None:
                self._hand_over(at, subject, (fact, *past), how)
            return
        if into is not None:
            if isinstance(fact, ContactErased):
                contact.feed(at, fact, how)
            elif isinstance(fact, ContactUpdated):
                contact.unname(how)
            self._pass_on(at, (subject[0], into), subject[1], fact, how)
        elif isinstance(fact, ContactAbsorbed):
            contact.absorb(at, *self._handed[fact.event_id], how)
        else:
            contact.feed(at, fact, how)

    def _hand_over(self, at: int, subject: Subject, past: Past, how: How) -> None:
        tenant, contact = subject
        into = past[0].into
        if self._passed_on is not None:
            entry = event_id(tenant, contact, "absorbed", past[0].event_id)
            self._passed_on.handed[entry] = past
            on = past[0].occurred_at
            fact = ContactAbsorbed(
                event_id=entry, occurred_at=on, tenant=tenant, contact=into, absorbed=contact, facts=b""
            )
            self._passed_on.due.append(((tenant, into), fact))
            return
        while (other := self._contact((tenant, into)).alias_of) is not None:
            into = other
        self._contact((tenant, into)).absorb(at, *past, how)

    def _pass_on(self, at: int, to: Subject, name: str, fact: ContactFact, how: How) -> None:
        names = dict.fromkeys(
            (one for one in ("contact", "previous_contact") if getattr(fact, one, None) == name), to[1]
        )
        renamed = msgspec.structs.replace(fact, **names)
        if self._passed_on is not None:
            self._passed_on.due.append((to, renamed))
        else:
            self._tell(at, to, renamed, replace(how, passed_on=True))


def run_oracle(log: Iterable[Entry]) -> dict[Subject, OracleContact]:
    """All contacts of a log, after its last entry. What aliases pass on is not in it: it is told at once."""
    partition = OraclePartition()
    for entry in log:
        partition.feed(entry)
    return partition.contacts


def run_oracles(logs: Iterable[list[Entry]], passed_on: PassedOn) -> dict[Subject, OracleContact]:
    """All contacts of the real logs of all partitions. What a partition passes on is waited for where it comes."""
    partitions = [(OraclePartition(passed_on), deque(log)) for log in logs]
    while any(log for _, log in partitions):
        fed = 0
        for partition, log in partitions:
            while log and not partition.waits(log[0]):
                partition.feed(log.popleft())
                fed += 1
        assert fed, "an entry says that a contact was merged, and no merge did"
    return {subject: contact for partition, _ in partitions for subject, contact in partition.contacts.items()}


def log_of(arrivals: Iterable[tuple[datetime, Event]], label_of: LabelOf, until: datetime) -> Iterator[Entry]:
    """The log of events in the order in which they arrive, with a tick at 04:00 UTC of each day up to `until`."""
    tick: datetime | None = None
    for at, event in arrivals:
        if tick is None:
            tick = next_tick(at - timedelta(milliseconds=1))
        while tick < at:
            yield Entry(milliseconds(tick), None, Tick(day=tick.date()))
            tick += timedelta(days=1)
        yield from entries_of(at, event, label_of)
    while tick is not None and tick <= until:
        yield Entry(milliseconds(tick), None, Tick(day=tick.date()))
        tick += timedelta(days=1)


def next_tick(after: datetime) -> datetime:
    """The first 04:00 UTC after a time."""
    tick = datetime(after.year, after.month, after.day, 4, tzinfo=UTC)
    return tick if tick > after else tick + timedelta(days=1)


def entries_of(at: datetime, event: Event, label_of: LabelOf) -> Iterator[Entry]:
    """What is written of one event: nothing of accounts, no text, and of a ticket that moves a word to both."""
    if isinstance(event, ModelPublished):
        yield Entry(milliseconds(at), None, event)
    if isinstance(event, AccountUpdated):
        return
    contact = event.contact if isinstance(event, SubjectEvent | ReviewPosted) else getattr(event, "contact", None)
    if contact is None:
        return
    fact = classified(event, label_of(event)) if isinstance(event, MessageCreated) else event
    yield Entry(milliseconds(at), (event.tenant, contact), fact)  # type: ignore[arg-type]
    if isinstance(event, TicketUpdated) and event.previous_contact not in (None, contact):
        yield Entry(milliseconds(at), (event.tenant, str(event.previous_contact)), event)


def classified(event: MessageCreated, label: SentimentLabel | None) -> MessageClassified:
    """What the log keeps of a message."""
    facts = {name: getattr(event, name) for name in event.__struct_fields__ if name != "text"}
    return MessageClassified(**facts, label=label, confidence=None if label is None else 0.9)


def decode_signal(value: bytes) -> Entry:
    """An entry as it stands in `health.signals` (its subject is that of its key: use `_replace`)."""
    signal = msgspec.json.decode(value)
    union = ContactFact | Tick | Clock
    fact = msgspec.convert(signal["fact"], union)
    return Entry(signal["at"], None, fact, signal.get("mode", "live"), signal.get("alerts", False))
