"""The events that an export can hold, with what each of their fields is."""

from functools import cache
from typing import get_args

import msgspec

from schemas.base import Event, EventId, SubjectId, UtcTime
from schemas.messages import MessageCreated
from schemas.profiles import AccountUpdated, ContactUpdated
from schemas.surveys import ReviewPosted, SurveyAnswered
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketReplied, TicketSolved, TicketUpdated

EVENT_TYPES: dict[str, type[Event]] = {
    str(event_type.__struct_config__.tag): event_type
    for event_type in (
        TicketOpened,
        TicketUpdated,
        TicketReplied,
        TicketSolved,
        TicketReopened,
        TicketClosed,
        MessageCreated,
        SurveyAnswered,
        ReviewPosted,
        ContactUpdated,
        AccountUpdated,
    )
}


@cache
def field_names(event: str) -> frozenset[str]:
    """The names of an event's fields."""
    return frozenset(EVENT_TYPES[event].__struct_fields__)


@cache
def required_fields(event: str) -> frozenset[str]:
    """The fields without which there is no event."""
    return frozenset(field.name for field in msgspec.structs.fields(EVENT_TYPES[event]) if field.required)


@cache
def time_fields(event: str) -> frozenset[str]:
    """The fields that are times."""
    return _fields_of(event, UtcTime)


@cache
def id_fields(event: str) -> frozenset[str]:
    """The fields that name a person, a company, a ticket, a message: never by an address."""
    return _fields_of(event, SubjectId)


@cache
def text_fields(event: str) -> frozenset[str]:
    """The fields whose cells are taken as they stand, spaces and all."""
    return frozenset({"text"}) & field_names(event) | _fields_of(event, EventId)


def _fields_of(event: str, kind: object) -> frozenset[str]:
    return frozenset(
        field.name
        for field in msgspec.structs.fields(EVENT_TYPES[event])
        if field.type == kind or kind in get_args(field.type)
    )
