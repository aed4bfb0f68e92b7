"""What an event has to keep to before it may enter the log, beyond the shape of its JSON."""

import re
from collections.abc import Container
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Literal, TypeVar, final, get_args, get_type_hints

import msgspec

from schemas.base import (
    END_OF_TIME,
    EVENT_ID_PATTERN,
    SUBJECT_PATTERN,
    TENANT_PATTERN,
    Event,
    EventId,
    SubjectId,
    UtcTime,
    from_milliseconds,
    to_milliseconds,
)
from schemas.control import HistoryFinished, HistoryStarted, ModelPublished, TenantRegistered
from schemas.signals import AccountSignal, Erased, PortfolioSignal, Signal

Reason = Literal[
    "empty",
    "too_large",
    "undecodable",
    "unknown_type",
    "invalid",
    "off_scale",
    "bad_id",
    "address",
    "unknown_tenant",
    "time_out_of_range",
    "classifier_failed",
]
"""Why a record is refused: a small closed set, fit for a metric's label."""

MAX_AHEAD_MS = timedelta(days=1) // timedelta(milliseconds=1)
MAX_MS = to_milliseconds(datetime.max.replace(tzinfo=UTC, microsecond=0))
EARLIEST_EVENT = datetime(1990, 1, 1, tzinfo=UTC)
EARLIEST_FACT = datetime(1900, 1, 1, tzinfo=UTC)
EARLIEST_LOGGED = datetime(1980, 1, 1, tzinfo=UTC)
MAX_MODEL_BYTES = 256 * 1024

_EARLIEST_LOGGED_MS = to_milliseconds(EARLIEST_LOGGED)

EventT = TypeVar("EventT", bound=Event)

_TENANT = re.compile(TENANT_PATTERN).fullmatch
_SUBJECT = re.compile(SUBJECT_PATTERN).fullmatch
_EVENT_ID = re.compile(EVENT_ID_PATTERN).fullmatch

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]").search

# Free words that the log and the state keep. Display names and texts go no further than intake and the profiles.
_KEPT_WORDS = ("role", "channel", "site", "reason")

# Plans may lie ahead; every other time is of something that has happened.
_PLANS = ("renewal_at", "expires_at")

# What helpdesks tell; people and companies may be older than any of them.
_TOLD = ("occurred_at", "opened_at", "first_responded_at", "solved_at")


@final
class DecodeFailure(msgspec.Struct, frozen=True):
    """A record that is refused. `detail` is for people: fields and rules, never a value out of the record, for it goes
    into headers and logs and could be personal.
    """

    reason: Reason
    detail: str


class _Fields(msgspec.Struct, frozen=True):
    """The names of an event type's fields, by the rule that they have to keep to."""

    subjects: tuple[str, ...]
    event_ids: tuple[str, ...]
    times: tuple[str, ...]
    words: tuple[str, ...]


UNKNOWN_TENANT = DecodeFailure(
    "unknown_tenant", "`tenant` is neither in the settings nor registered by tenant.registered"
)

# The first names a tenant that is not known yet, the others concern all of them.
_OF_ANY_TENANT = (TenantRegistered, HistoryStarted, HistoryFinished)


def refusal(event: Event, *, now_ms: int, tenants: Container[str] | None) -> DecodeFailure | None:
    """Why an event may not enter the log, or None. `tenants` are the known ones (None: do not ask)."""
    return (
        _refuse_tenant(event, tenants)
        or _refuse_ids(event)
        or _refuse_addresses(event)
        or _refuse_times(event, _latest(now_ms))
        or (_refuse_model(event) if isinstance(event, ModelPublished) else None)
    )


def impossible_time(entry: Signal | AccountSignal | PortfolioSignal) -> DecodeFailure | None:
    """Why an entry of a log cannot be folded, or None: it names a time that rows cannot hold, or one that would let the
    clock of a whole partition run ahead for good. What we log was checked when it came in, but others can write there,
    too. Rows count time from 1970 on, and rules look back by months from there.
    """
    fact = entry.fact
    if entry.at < _EARLIEST_LOGGED_MS and not isinstance(fact, Erased):  # which has no time
        return DecodeFailure("time_out_of_range", f"`at` is before {EARLIEST_LOGGED:%Y}")
    for name, earliest, end in _possible_times(type(fact)):
        time = getattr(fact, name)
        if time is not None and not earliest <= time < end:
            return DecodeFailure("time_out_of_range", f"`{name}` is not of the years {earliest:%Y} to {end.year - 1}")
    return None


def in_utc(event: EventT) -> EventT:
    """The event with all of its times in UTC, as the log has them. Their range must have been checked."""
    moved: dict[str, datetime] = {}
    for name in _fields_of(type(event)).times:
        time = getattr(event, name)
        if time is not None and time.tzinfo is not UTC:
            moved[name] = time.astimezone(UTC)
    return msgspec.structs.replace(event, **moved) if moved else event


def identifiers_of(event_type: type[msgspec.Struct]) -> tuple[str, ...]:
    """The names of an event type's fields that hold ids."""
    fields = _fields_of(event_type)
    return ("tenant", *fields.subjects, *fields.event_ids)


def _refuse_tenant(event: Event, tenants: Container[str] | None) -> DecodeFailure | None:
    if tenants is not None and event.tenant in tenants:
        return None
    if not _TENANT(event.tenant):
        return DecodeFailure("bad_id", "`tenant` must be 1 to 63 of a-z, 0-9 and '-'")
    return None if tenants is None or isinstance(event, _OF_ANY_TENANT) else UNKNOWN_TENANT


def _refuse_ids(event: Event) -> DecodeFailure | None:
    fields = _fields_of(type(event))
    for name in fields.subjects:
        value = getattr(event, name)
        if value is not None and not _SUBJECT(value):
            return DecodeFailure(
                "bad_id", f"`{name}` must be an id without '@' and control characters, never an address"
            )
    for name in fields.event_ids:
        if not _EVENT_ID(getattr(event, name)):
            return DecodeFailure("bad_id", f"`{name}` must not contain control characters")
    return None


def _refuse_addresses(event: Event) -> DecodeFailure | None:
    """The log is kept for ever, so no e-mail address may get into it in words that are kept."""
    for name in _fields_of(type(event)).words:
        value = getattr(event, name)
        if value is None:
            continue
        words = value.items() if isinstance(value, dict) else ((name, value),)
        for key, word in words:
            if any(isinstance(part, str) and "@" in part and _ADDRESS(part) for part in (key, word)):
                return DecodeFailure("address", f"`{name}` holds an e-mail address, and is kept: leave it out")
    return None


@lru_cache(maxsize=8)
def _latest(now_ms: int) -> datetime:
    return from_milliseconds(min(now_ms + MAX_AHEAD_MS, MAX_MS))


def _refuse_times(event: Event, latest: datetime) -> DecodeFailure | None:
    """Events before 1990 and more than a day ahead are refused: no helpdesk is older, so that an earlier time is a
    clock that was never set (1970, year 1) or an empty date; and since a row's time never goes back, one event of the
    year 9999 would age its contact for good. The same holds for the times of a ticket. A profile may know of older
    things (customer since 1950); renewals and expiries are plans, up to 2200 (systems write 9999 for "never": leave the
    field out instead).
    """
    for name in _fields_of(type(event)).times:
        time = getattr(event, name)
        if time is None:
            continue
        earliest = EARLIEST_EVENT if name in _TOLD else EARLIEST_FACT
        if time < earliest:
            return DecodeFailure("time_out_of_range", f"`{name}` is before {earliest:%Y-%m-%d}")
        if name in _PLANS:
            if time >= END_OF_TIME:
                return DecodeFailure("time_out_of_range", f"`{name}` is not before {END_OF_TIME:%Y-%m-%d}")
        elif time > latest:
            return DecodeFailure("time_out_of_range", f"`{name}` is more than 1 day ahead")
    return None


def _refuse_model(event: ModelPublished) -> DecodeFailure | None:
    """The document goes into the log as it is, so it has to be sound JSON of a size that every partition can carry."""
    document = bytes(event.model)
    if len(document) > MAX_MODEL_BYTES:
        return DecodeFailure("too_large", f"`model` has more than {MAX_MODEL_BYTES} bytes")
    try:
        model = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return DecodeFailure("undecodable", "`model` is not JSON")
    if "@" in (text := document.decode()) and _ADDRESS(text):
        return DecodeFailure("address", "`model` holds an e-mail address, and is kept: leave it out")
    return None if isinstance(model, dict) else DecodeFailure("invalid", "`model` must be an object")


def _of_kind(kind: object, hints: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, hint in hints.items() if hint == kind or kind in get_args(hint))


@cache
def _possible_times(fact_type: type[msgspec.Struct]) -> tuple[tuple[str, Any, Any], ...]:
    """The fields of a fact that hold times and days, with the first that is possible and the first that is not."""
    hints = get_type_hints(fact_type, include_extras=True)
    times = [
        (name, EARLIEST_LOGGED if name in _TOLD else EARLIEST_FACT, END_OF_TIME) for name in _of_kind(UtcTime, hints)
    ]
    return (*times, *((name, EARLIEST_LOGGED.date(), END_OF_TIME.date()) for name in _of_kind(date, hints)))


@cache
def _fields_of(event_type: type[msgspec.Struct]) -> _Fields:
    hints = get_type_hints(event_type, include_extras=True)
    words = tuple(name for name in (*_KEPT_WORDS, "attributes") if name in hints)
    return _Fields(_of_kind(SubjectId, hints), _of_kind(EventId, hints), _of_kind(UtcTime, hints), words)
