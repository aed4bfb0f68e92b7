"""From an event to the log entries it becomes:

which topic, which key, which fact. Pure; intake and the history import share it.
"""

from collections.abc import Iterator
from functools import singledispatch
from typing import NamedTuple

import msgspec

from models.sentiment.port import Reading
from schemas.base import Event
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_PROFILES, HEALTH_SIGNALS, SUPPORT_LABELLED_EXAMPLES
from schemas.control import (
    ContactErased,
    ContactMerged,
    ContactRestored,
    HistoryFinished,
    HistoryStarted,
    ModelPublished,
    OverrideCleared,
    OverrideSet,
    SentimentCorrected,
    TenantRegistered,
)
from schemas.keys import account_key, contact_key, subject_key
from schemas.messages import MessageClassified, MessageCreated
from schemas.profiles import AccountUpdated, ContactUpdated, ProfileChanged
from schemas.scores import LabelledExample
from schemas.signals import AccountFact, LoggedFact
from schemas.surveys import ReviewPosted, SurveyAnswered
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketReplied, TicketSolved, TicketUpdated


class Entry(NamedTuple):
    """A fact for one of the logs, or a profile (`value` None deletes it; its key is `tenant/kind/id`).

    A fact without a key goes to every partition.
    """

    topic: str
    key: bytes | None
    value: LoggedFact | AccountFact | ProfileChanged | None


@singledispatch
def route(event: Event) -> Iterator[Entry]:
    """The entries that an event becomes. Messages need a reading first: `classified`."""
    raise TypeError(f"no route for {type(event).__name__}")


def classified(event: MessageCreated, reading: Reading | None, classifier: str) -> MessageClassified:
    """A message's facts with its reading in place of its text; without one for authors whose mood does not count."""
    return MessageClassified(
        event_id=event.event_id,
        occurred_at=event.occurred_at,
        tenant=event.tenant,
        contact=event.contact,
        message=event.message,
        author=event.author,
        conversation=event.conversation,
        ticket=event.ticket,
        channel=event.channel,
        label=reading.label if reading else None,
        confidence=reading.confidence if reading else None,
        tones=reading.tones if reading else (),
        unclassified_because=reading.reason if reading else None,
        classifier=classifier if reading else None,
    )


def _to_contact(fact: LoggedFact) -> Iterator[Entry]:
    yield Entry(HEALTH_SIGNALS, contact_key(fact.tenant, fact.contact), fact)  # type: ignore[union-attr,arg-type]


_CONTACT_FACTS: tuple[type[Event], ...] = (
    TicketOpened,
    TicketReplied,
    TicketSolved,
    TicketReopened,
    TicketClosed,
    MessageClassified,
    SurveyAnswered,
    ContactRestored,
    ContactMerged,
)
for _fact_type in _CONTACT_FACTS:
    route.register(_fact_type, _to_contact)


@route.register
def _(event: TicketUpdated) -> Iterator[Entry]:
    yield from _to_contact(event)
    if event.previous_contact is not None and event.previous_contact != event.contact:
        yield Entry(HEALTH_SIGNALS, contact_key(event.tenant, event.previous_contact), event)


@route.register
def _(event: SentimentCorrected) -> Iterator[Entry]:
    yield from _to_contact(msgspec.structs.replace(event, text=None))


def labelled_example(event: SentimentCorrected) -> LabelledExample | None:
    """A corrected message with its text, for tenants that allow it to be kept."""
    if event.text is None:
        return None
    return LabelledExample(
        event_id=event.event_id,
        tenant=event.tenant,
        contact=event.contact,
        message=event.message,
        label=event.label,
        text=event.text,
        occurred_at=event.occurred_at,
    )


@route.register
def _(event: ContactUpdated) -> Iterator[Entry]:
    yield from _to_contact(msgspec.structs.replace(event, name=None))
    profile = ProfileChanged(
        event_id=event.event_id,
        occurred_at=event.occurred_at,
        tenant=event.tenant,
        contact=event.contact,
        name=event.name,
    )
    yield Entry(HEALTH_PROFILES, subject_key(event.tenant, "contact", event.contact), profile)


@route.register
def _(event: AccountUpdated) -> Iterator[Entry]:
    key = account_key(event.tenant, event.account)
    yield Entry(HEALTH_ACCOUNT_SIGNALS, key, msgspec.structs.replace(event, name=None))
    profile = ProfileChanged(
        event_id=event.event_id,
        occurred_at=event.occurred_at,
        tenant=event.tenant,
        account=event.account,
        name=event.name,
    )
    yield Entry(HEALTH_PROFILES, subject_key(event.tenant, "account", event.account), profile)


@route.register
def _(event: ContactErased) -> Iterator[Entry]:
    yield from _to_contact(event)
    yield Entry(HEALTH_PROFILES, subject_key(event.tenant, "contact", event.contact), None)
    yield Entry(SUPPORT_LABELLED_EXAMPLES, contact_key(event.tenant, event.contact), None)


def _to_subject(event: ReviewPosted | OverrideSet | OverrideCleared) -> Iterator[Entry]:
    if event.contact is not None:
        yield Entry(HEALTH_SIGNALS, contact_key(event.tenant, event.contact), event)
    elif event.account is not None:
        yield Entry(HEALTH_ACCOUNT_SIGNALS, account_key(event.tenant, event.account), event)


_SUBJECT_FACTS: tuple[type[Event], ...] = (ReviewPosted, OverrideSet, OverrideCleared)
for _fact_type in _SUBJECT_FACTS:
    route.register(_fact_type, _to_subject)


@route.register
def _(event: ModelPublished) -> Iterator[Entry]:
    for topic in (HEALTH_SIGNALS, HEALTH_ACCOUNT_SIGNALS):
        yield Entry(topic, None, event)


def _to_nobody(event: TenantRegistered | HistoryStarted | HistoryFinished) -> Iterator[Entry]:
    """Intake itself follows these (`stream.directory`)."""
    return iter(())


_INTAKE_FACTS: tuple[type[Event], ...] = (TenantRegistered, HistoryStarted, HistoryFinished)
for _fact_type in _INTAKE_FACTS:
    route.register(_fact_type, _to_nobody)
