"""The oracle's own reading of a log, and its own idea of what intake writes there."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from schemas.base import Event, SentimentLabel
from schemas.control import ContactErased, ContactMerged, ModelPublished, SubjectEvent
from schemas.messages import MessageClassified, MessageCreated
from schemas.profiles import AccountUpdated
from schemas.signals import Clock, ContactFact, Tick
from schemas.surveys import ReviewPosted
from schemas.tickets import TicketUpdated
from tests.oracle.contact import OracleContact
from tests.oracle.facts import milliseconds
from tests.oracle.model import Model, model_of

Subject = tuple[str, str]
"""Tenant and contact."""

LabelOf = Callable[[MessageCreated], SentimentLabel | None]


class Entry(NamedTuple):
    """An entry of the log: at a time (UTC milliseconds), about a contact or (None) about all."""

    at: int
    subject: Subject | None
    fact: ContactFact | Tick | Clock | ModelPublished


def run_oracle(log: Iterable[Entry]) -> dict[Subject, OracleContact]:
    """All contacts of a log, after its last entry."""
    contacts: dict[Subject, OracleContact] = {}
    models: dict[str, Model] = {}
    clock, last_day = 0, ""
    for at, subject, fact in log:
        if subject is not None:
            assert not isinstance(fact, Tick | Clock | ModelPublished)
            _tell(contacts, models, max(at, clock), subject, fact)
            continue
        clock = max(clock, at)
        if isinstance(fact, Clock):
            for contact in contacts.values():
                contact.pass_due(clock)
        if isinstance(fact, Tick) and fact.day.isoformat() > last_day:
            last_day = fact.day.isoformat()
            for contact in contacts.values():
                contact.tick(last_day, clock)
        if isinstance(fact, ModelPublished):
            models[fact.tenant] = model_of(fact)
            for (tenant, _), contact in contacts.items():
                if tenant == fact.tenant:
                    contact.remodel(models[tenant], clock)
    return contacts


def _tell(
    contacts: dict[Subject, OracleContact], models: dict[str, Model], at: int, subject: Subject, fact: ContactFact
) -> None:
    """Tell a contact of a fact, or whom it was merged into; an erasure concerns both."""
    tenant, name = subject
    if subject not in contacts:
        contacts[subject] = OracleContact(tenant, name, models.get(tenant))
    contact = contacts[subject]
    if isinstance(fact, ContactMerged):
        past = contact.merge(at, fact)
        if past is not None:
            into = fact.into
            while (tenant, into) in contacts and contacts[tenant, into].alias_of is not None:
                into = str(contacts[tenant, into].alias_of)
            if (tenant, into) not in contacts:
                contacts[tenant, into] = OracleContact(tenant, into, models.get(tenant))
            contacts[tenant, into].absorb(at, fact, *past)
        return
    other = contact.alias_of
    if other is None or isinstance(fact, ContactErased):
        contact.feed(at, fact)
    if other is not None:
        renamed = msgspec.structs.replace(fact, contact=other) if getattr(fact, "contact", None) == name else fact
        _tell(contacts, models, at, (tenant, other), renamed)


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
    return Entry(signal["at"], None, msgspec.convert(signal["fact"], union))
