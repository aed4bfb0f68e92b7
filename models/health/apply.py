"""Folds one fact into a row.

Applying a fact again, or facts in another order, ends in the same row: each kind of fact is an upsert ordered by the
time it occurred. What changed is told as sections of the row, so that only what depends on them is computed anew.
"""

from collections.abc import Callable
from typing import Any

from models.health.facts import activity as active
from models.health.facts.answers import add_answer
from models.health.facts.buckets import Totals, count_answer
from models.health.facts.corrections import add_correction
from models.health.facts.ids import id_bytes
from models.health.facts.messages import add_message
from models.health.facts.override import newer_override
from models.health.facts.profile import newer_profile
from models.health.facts.reviews import add_review
from models.health.facts.sections import HISTORY, LIFE, MESSAGES, NOTHING, TALKS
from models.health.facts.ticket_facts import TICKET_FACTS, fold_message_of_ticket, fold_ticket
from models.health.merge import absorb
from models.health.state import ContactState, MergedInto
from schemas.base import to_milliseconds
from schemas.control import (
    ContactErased,
    ContactMerged,
    ContactRestored,
    OverrideCleared,
    OverrideSet,
    SentimentCorrected,
)
from schemas.messages import MessageClassified
from schemas.profiles import ContactUpdated
from schemas.signals import ContactAbsorbed, ContactFact
from schemas.surveys import ReviewPosted, SurveyAnswered


def apply(state: ContactState, fact: ContactFact, contact: str, now: int) -> int:
    """Fold a fact into the row of `contact` at `now` (UTC milliseconds). Returns the sections that changed, 0 for none.

    What occurred by an erasure changes nothing, nor does what comes before a restoration.
    """
    at = to_milliseconds(fact.occurred_at)
    kind = type(fact)
    if kind is ContactErased:
        return _erase(state, at)
    if kind is ContactRestored:
        return _restore(state, at)
    if is_forgotten(state, at):
        return NOTHING
    return _FOLDS[kind](state, fact, at, contact, now)


def is_forgotten(state: ContactState, at: int) -> bool:
    """Whether what occurred at a time must not be known: the contact was erased then or later, and not restored."""
    return state.erased_at is not None and (at <= state.erased_at or state.is_erased)


def _message(state: ContactState, fact: MessageClassified, at: int, contact: str, now: int) -> int:
    changed, ticket, author, message = NOTHING, 0, fact.author, id_bytes(fact.message)
    if author == "customer":
        changed = active.note_activity(state.activity, at)
    if fact.ticket is not None:
        reply = int.from_bytes(message[:4])
        sections, ticket = fold_message_of_ticket(state, author, reply, fact.ticket, at, now)
        changed |= sections
    kept = add_message(state.messages, fact, message, at, ticket)
    if kept is not state.messages:
        if len(kept) == len(state.messages):  # another had to make room, or it was known otherwise
            changed |= MESSAGES | TALKS
        elif author != "customer":  # no score depends on one more of these
            changed |= HISTORY
        else:
            changed |= MESSAGES if ticket else MESSAGES | TALKS
        state.messages = kept
    return changed


def _correction(state: ContactState, fact: SentimentCorrected, at: int, contact: str, now: int) -> int:
    return add_correction(state.corrections, fact, at)


def _answer(state: ContactState, fact: SurveyAnswered, at: int, contact: str, now: int) -> int:
    changed, left = add_answer(state.answers, fact, at)
    if left:
        if state.totals is None:
            state.totals = Totals()
        for answer in left:
            count_answer(state.buckets, state.totals, answer, now)
    return changed | active.note_activity(state.activity, at)


def _review(state: ContactState, fact: ReviewPosted, at: int, contact: str, now: int) -> int:
    return add_review(state.reviews, fact, at) | active.note_activity(state.activity, at)


def _profile(state: ContactState, fact: ContactUpdated, at: int, contact: str, now: int) -> int:
    changed, state.profile = newer_profile(state.profile, fact, at)
    return changed


def _override(state: ContactState, fact: OverrideSet | OverrideCleared, at: int, contact: str, now: int) -> int:
    changed, state.override = newer_override(state.override, fact, at)
    return changed


def _merged(state: ContactState, fact: ContactMerged, at: int, contact: str, now: int) -> int:
    """The latest word on whose alias this is. `going` sends the facts to the other contact, and empties the row."""
    new = MergedInto(at, fact.event_id, fact.into)
    old = state.merged_into
    if fact.into == contact or (old is not None and (new.at, new.event_id) <= (old.at, old.event_id)):
        return NOTHING
    state.merged_into = new
    return LIFE


def _absorbed(state: ContactState, fact: ContactAbsorbed, at: int, contact: str, now: int) -> int:
    return absorb(state, fact, now)


def _erase(state: ContactState, at: int) -> int:
    """Forget everything but that it was erased, when, and how many scores were published."""
    if state.erased_at is not None and at <= state.erased_at:
        return NOTHING
    empty = ContactState(offset=state.offset, now=state.now, seq=state.seq, erased_at=at, restored_at=state.restored_at)
    for field in state.__struct_fields__:
        setattr(state, field, getattr(empty, field))
    return LIFE


def _restore(state: ContactState, at: int) -> int:
    """The contact may be known again. A restoration of a contact that is not erased says nothing."""
    if state.restored_at is not None and at <= state.restored_at:
        return NOTHING
    state.restored_at = at
    return HISTORY


_FOLDS: dict[type, Callable[[ContactState, Any, int, str, int], int]] = {
    MessageClassified: _message,
    SentimentCorrected: _correction,
    SurveyAnswered: _answer,
    ReviewPosted: _review,
    ContactUpdated: _profile,
    OverrideSet: _override,
    OverrideCleared: _override,
    ContactMerged: _merged,
    ContactAbsorbed: _absorbed,
    **dict.fromkeys(TICKET_FACTS, fold_ticket),
}
