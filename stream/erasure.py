"""Erasing a contact: the word on the control topic, the receipt, and the rewriting of what is kept without limit."""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Final, NamedTuple

from confluent_kafka import Message

from schemas.base import Event, to_milliseconds
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_CONTROL,
    HEALTH_RECEIPTS,
    HEALTH_SCORE_HISTORY,
    HEALTH_SIGNALS,
)
from schemas.control import ContactErased, ContactMerged, ContactRestored
from schemas.decoding import decode_account_signal, decode_event, decode_record, decode_signal, encode
from schemas.keys import contact_key
from schemas.scores import ContactForgotten, ScoreClosed
from schemas.signals import AccountSignal, Erased, MemberContribution, MemberLeft, Signal
from stream.decisions import Decisions
from stream.errors import NotScored
from stream.merges import Merges
from stream.reading import TopicReader
from stream.rewrite import Rewriter
from stream.settings import Settings, Stage
from stream.topics import table_changelog

ANY_TIME: Final = 253_402_300_799_000
_KEPT = (ContactErased, ContactRestored, ContactMerged)
"""These name a contact and say nothing of it; a replay needs them."""
_REWRITTEN: Final = (HEALTH_SIGNALS, HEALTH_SCORE_HISTORY, HEALTH_CONTROL, HEALTH_ACCOUNT_SIGNALS)
_FOLDED_BY: Final[dict[str, Stage]] = {HEALTH_SIGNALS: "scoring", HEALTH_ACCOUNT_SIGNALS: "accounts"}


class Erasure(NamedTuple):
    """The latest erasure of a key: where it is in the log, and its log time (UTC milliseconds). What came of it bears
    the row's time, which may lie ahead of that: it is the time of the receipt.
    """

    offset: int
    at: int


def receipt_of(settings: Settings, event: ContactErased) -> ContactForgotten | None:
    """The receipt of an erasure, if it was folded."""
    ours = _receipts(settings, event.tenant, {event.contact})
    return next((one for one in reversed(ours) if one.erased_at >= event.occurred_at), None)


def rewrite(settings: Settings, tenant: str, contact: str, say: Callable[[str], None]) -> dict[str, int]:
    """Copy the topics that are kept without limit without an erased contact and all its names; no worker may run.

    Returns how many records each topic has lost. What came after a restoration stays. Raises NotScored if the contact
    was not erased.
    """
    key = contact_key(tenant, contact)
    rewriter = Rewriter(settings, key, say)
    rewriter.wait_until_quiet((*_REWRITTEN, HEALTH_RECEIPTS))
    names = _names(settings, rewriter.whole(HEALTH_CONTROL), tenant, contact)
    keys = {contact_key(tenant, name) for name in names}
    erased = _erasures(settings, rewriter.whole(HEALTH_SIGNALS), keys)
    receipts = {receipt.contact: to_milliseconds(receipt.at) for receipt in _receipts(settings, tenant, names)}
    if key not in erased or contact not in receipts:
        raise NotScored(
            f"{tenant}/{contact} was not erased: run `heartline erase {contact}` and let the workers fold it"
        )
    until = erased[key].at
    receipts = dict.fromkeys(names, receipts[contact]) | receipts
    unwanted: dict[str, tuple[Callable[[Message], bool], bytes | None]] = {
        HEALTH_SIGNALS: (lambda message: _is_before(message, keys, erased, until), encode(Signal(at=0, fact=Erased()))),
        HEALTH_SCORE_HISTORY: (lambda message: _is_closed_before(message, tenant, receipts), None),
        HEALTH_CONTROL: (lambda message: _is_said_before(message, tenant, names, until), None),
        HEALTH_ACCOUNT_SIGNALS: (
            lambda message: _is_given_before(message, tenant, receipts),
            encode(AccountSignal(at=0, fact=Erased())),
        ),
    }
    dropped = {}
    for topic, what in unwanted.items():
        dropped[topic] = rewriter.rewrite(topic, *what)
        if topic in _FOLDED_BY:  # at once: whatever befalls the next topic, the workers of this one start again
            rewriter.adopt(table_changelog(_FOLDED_BY[topic], settings).name, topic)
    return dropped


def _receipts(settings: Settings, tenant: str, names: set[str]) -> list[ContactForgotten]:
    """The receipts of contacts, oldest first."""
    with closing(TopicReader(settings, [HEALTH_RECEIPTS])) as reader:
        found = [decode_record(HEALTH_RECEIPTS, message.value()) for message in reader.all()]
    ours = [one for one in found if isinstance(one, ContactForgotten)]
    return [one for one in ours if one.tenant == tenant and one.contact in names]


def _names(settings: Settings, control: str, tenant: str, contact: str) -> set[str]:
    """Every name that the contact ever had: an erasure ends an alias, so erasures are left out here."""
    decisions, merges = Decisions({tenant}), Merges()
    with closing(TopicReader(settings, [control])) as reader:
        for message in reader.all():
            event = decisions.take(message.value(), message.timestamp()[1])
            if isinstance(event, ContactMerged):
                merges.accepts(event)
    return merges.known_as(tenant, contact)


def _erasures(settings: Settings, signals: str, keys: set[bytes]) -> dict[bytes, Erasure]:
    found: dict[bytes, Erasure] = {}
    with closing(TopicReader(settings, [signals])) as reader:
        for message in reader.all():
            key = message.key()
            if key in keys:
                signal = decode_signal(message.value())
                if isinstance(signal, Signal) and isinstance(signal.fact, ContactErased):
                    found[key] = Erasure(message.offset() or 0, signal.at)
    return found


def _is_before(message: Message, keys: set[bytes], erased: Mapping[bytes, Erasure], until: int) -> bool:
    key = message.key() or b""
    if key not in keys:
        return False
    signal = decode_signal(message.value())
    if isinstance(signal, Signal) and isinstance(signal.fact, _KEPT):
        return False
    if key in erased:
        return (message.offset() or 0) < erased[key].offset
    return isinstance(signal, Signal) and signal.at <= until  # a merged name: the log of its key tells of no erasure


def _is_closed_before(message: Message, tenant: str, receipts: Mapping[str, int]) -> bool:
    close = decode_record(HEALTH_SCORE_HISTORY, message.value())
    if not isinstance(close, ScoreClosed):  # also what an earlier rewriting put in the place of a record
        return False
    return close.tenant == tenant and to_milliseconds(close.at) <= receipts.get(close.contact, 0)


def _is_said_before(message: Message, tenant: str, names: set[str], until: int) -> bool:
    event = decode_event(HEALTH_CONTROL, message.value(), now_ms=ANY_TIME, tenants=None)
    if not isinstance(event, Event) or isinstance(event, _KEPT) or event.tenant != tenant:
        return False
    return getattr(event, "contact", None) in names and to_milliseconds(event.occurred_at) <= until


def _is_given_before(message: Message, tenant: str, receipts: Mapping[str, int]) -> bool:
    signal = decode_account_signal(message.value())
    if not isinstance(signal, AccountSignal) or not isinstance(signal.fact, MemberContribution | MemberLeft):
        return False
    return signal.fact.tenant == tenant and signal.at <= receipts.get(signal.fact.contact, 0)
