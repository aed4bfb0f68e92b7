"""Merging contacts: one person who was known by two ids.

The row of the old id becomes an alias. It sends its facts to the other contact as one entry of the log, and from then
on every fact that still comes under the old id. Facts are united by their own ids, so one that was known to both counts
once. What both had counted without listing it (more than 50 settled tickets, 30 answers) is added up.
"""

from typing import TypeVar

import msgspec

from models.health.facts.answers import Answer, shorten_answers
from models.health.facts.buckets import Bucket, Totals, count_answer, count_ticket
from models.health.facts.corrections import KEPT as KEPT_CORRECTIONS
from models.health.facts.corrections import Correction
from models.health.facts.ids import ID_BYTES
from models.health.facts.messages import join_messages
from models.health.facts.override import Override
from models.health.facts.profile import Profile, membership
from models.health.facts.reviews import KEPT as KEPT_REVIEWS
from models.health.facts.reviews import Review
from models.health.facts.sections import (
    ACTIVITY,
    ANSWERS,
    HISTORY,
    LEFT,
    MEMBERSHIP,
    MESSAGES,
    NOTHING,
    OVERRIDE,
    PROFILE,
    REPLIES,
    REVIEWS,
    TALKS,
    TICKET_COUNT,
    TICKET_TIMES,
    TICKETS,
)
from models.health.facts.tickets import Ticket, find_ticket, shorten, with_ticket
from models.health.state import ContactState, decode, encode
from schemas.event_ids import event_id
from schemas.signals import ContactAbsorbed, ContactFact, Signal

_OWN = frozenset(
    (
        *("version", "offset", "now", "seq", "published", "closes", "alerts", "at_risk_since"),
        *("merged_into", "erased_at", "restored_at", "due_at", "given"),
    )
)
"""What is a row's own and not handed over: the rest are facts."""
_SUMS = tuple(name for name in Bucket.__struct_fields__ if name != "day")
MAX_HOPS = 16
"""So long may a chain of aliases be. Intake lets no circle in; one that came another way ends in `of_the_gone`."""
_TICKETS = TICKETS | TICKET_COUNT | TICKET_TIMES | REPLIES | LEFT
_MEASURED = MESSAGES | TALKS | ANSWERS | _TICKETS | REVIEWS | PROFILE | OVERRIDE | HISTORY


OrderedT = TypeVar("OrderedT", Answer, Correction, Review)
DatedT = TypeVar("DatedT", Profile, Override)


class Forward(msgspec.Struct, frozen=True, gc=False):
    """An entry of the log for another contact of the same tenant."""

    contact: str
    signal: Signal


def hand_over(state: ContactState, tenant: str, contact: str, signal: Signal) -> Forward:
    """Empty the row of a contact that was merged, but for its numbering, and send what it knew to the other one.

    Also where it knew nothing: the other one must know by which names its tickets are called.
    """
    assert state.merged_into is not None
    facts, merge = _facts(state), state.merged_into
    empty = ContactState(offset=state.offset, now=state.now, seq=state.seq, merged_into=merge)
    empty.erased_at, empty.restored_at = state.erased_at, state.restored_at
    for field in state.__struct_fields__:
        setattr(state, field, getattr(empty, field))
    absorbed = ContactAbsorbed(
        event_id=event_id(tenant, contact, "absorbed", merge.event_id),
        occurred_at=signal.fact.occurred_at,  # type: ignore[union-attr]
        tenant=tenant,
        contact=merge.contact,
        absorbed=contact,
        facts=facts,
    )
    return Forward(merge.contact, msgspec.structs.replace(signal, fact=absorbed))


def pass_on(into: str, contact: str, signal: Signal) -> Forward:
    """An entry about an alias, as one about the contact that it stands for. Its id stays, so it counts once."""
    fact: ContactFact = signal.fact  # type: ignore[assignment]
    changes = {field: into for field in ("contact", "previous_contact") if getattr(fact, field, None) == contact}
    renamed = msgspec.structs.replace(fact, **changes)
    return Forward(into, msgspec.structs.replace(signal, fact=renamed, hops=signal.hops + 1))


def absorb(state: ContactState, fact: ContactAbsorbed, now: int) -> int:
    """Unite the facts of a contact that was merged into this one with its own. Returns the sections that changed."""
    if state.absorbed.get(fact.absorbed) == fact.event_id:
        return NOTHING
    other = decode(fact.facts)
    active, belonging = state.activity.last_at, membership(state.profile)
    state.absorbed = state.absorbed | other.absorbed | {fact.absorbed: fact.event_id}
    _join_activity(state, other)
    state.messages = join_messages(state.messages, other.messages)
    _join_counts(state, other)
    _join_tickets(state, other, now)
    _join_answers(state, other, now)
    state.corrections = sorted(_latest(state.corrections + other.corrections, "message"))[-KEPT_CORRECTIONS:]
    state.reviews = sorted(_latest(state.reviews + other.reviews, "site"))[-KEPT_REVIEWS:]
    state.profile = _later(state.profile, other.profile)
    state.override = _later(state.override, other.override)
    changed = _MEASURED
    if state.activity.last_at != active:
        changed |= ACTIVITY
    return changed if membership(state.profile) == belonging else changed | MEMBERSHIP


def _facts(state: ContactState) -> bytes:
    """A stored row of nothing but facts."""
    facts = ContactState()
    for field in facts.__struct_fields__:
        if field not in _OWN:
            setattr(facts, field, getattr(state, field))
    return encode(facts)


def _join_activity(state: ContactState, other: ContactState) -> None:
    mine, its = state.activity, other.activity
    mine.first_at = min((at for at in (mine.first_at, its.first_at) if at is not None), default=None)
    for field in ("last_at", "customer_replied_at", "agent_replied_at"):
        times = [at for at in (getattr(mine, field), getattr(its, field)) if at is not None]
        setattr(mine, field, max(times, default=None))


def _join_counts(state: ContactState, other: ContactState) -> None:
    if other.totals is None:
        return
    totals = state.totals if state.totals is not None else Totals()
    state.totals = Totals(
        totals.tickets + other.totals.tickets,
        totals.solved + other.totals.solved,
        totals.answers + other.totals.answers,
        totals.open_beyond + other.totals.open_beyond,
        max(totals.tickets_until, other.totals.tickets_until),
    )
    days = {bucket.day: bucket for bucket in state.buckets}
    for bucket in other.buckets:
        mine = days.setdefault(bucket.day, Bucket(bucket.day))
        for field in _SUMS:
            setattr(mine, field, getattr(mine, field) + getattr(bucket, field))
    state.buckets = [days[day] for day in sorted(days)]


def _join_tickets(state: ContactState, other: ContactState, now: int) -> None:
    for packed in other.tickets:
        position, known = find_ticket(state.tickets, packed[:ID_BYTES])
        if known:
            packed = Ticket.unpack(state.tickets[position]).joined(Ticket.unpack(packed)).pack()
        state.tickets = with_ticket(state.tickets, position, packed, known)
    state.tickets, left = shorten(state.tickets)
    if left:
        state.totals = state.totals if state.totals is not None else Totals()
        for ticket in left:
            state.totals.tickets_until = max(state.totals.tickets_until, ticket.heard_at)
            count_ticket(state.buckets, state.totals, ticket, now)


def _join_answers(state: ContactState, other: ContactState, now: int) -> None:
    state.answers = sorted(_latest([*state.answers, *other.answers], "id"))
    left = shorten_answers(state.answers)
    if left:
        state.totals = state.totals if state.totals is not None else Totals()
        for answer in left:
            count_answer(state.buckets, state.totals, answer, now)


def _latest(facts: list[OrderedT], name: str) -> list[OrderedT]:
    """Of the facts that share the field `name` the greatest, which is the latest."""
    return list({getattr(fact, name): fact for fact in sorted(facts)}.values())


def _later(one: DatedT | None, other: DatedT | None) -> DatedT | None:
    """The later of two words on the same thing."""
    if one is None or other is None:
        return one if other is None else other
    return max(one, other, key=lambda word: (word.at, word.event_id))
