"""Exports of which each row stands by itself: messages, answers, profiles, or tickets with a column per time."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from schemas.base import Event, to_milliseconds
from stream.imports.event_types import EVENT_TYPES, id_fields, text_fields, time_fields
from stream.imports.fields import BadCell, Cells, Header, Read, check, read_id, read_text, read_time, read_value
from stream.imports.ids import event_id
from stream.imports.mapping import Condition, EventMapping, FieldMapping, Mapping

RowReader = Callable[[Cells], Event | None]

# What a row is about, most telling first: with the type and the time it names the event, whatever else an export holds.
_NATURAL_IDS = ("message", "answer", "ticket", "contact", "account")


def row_reader(mapping: EventMapping, whole: Mapping, header: Header, now_ms: int) -> RowReader:
    """How to make the event of a row: None where its condition does not hold, or there is no time."""
    event_type = EVENT_TYPES[mapping.event]
    fields = {"tenant": whole.tenant, **mapping.fields}
    readers = {name: _reader(mapping.event, name, field, header, whole) for name, field in fields.items()}
    attributes = {name: read_value(field, header) for name, field in mapping.attributes.items()}
    applies = _condition(mapping.when, header)

    def read(cells: Cells) -> Event | None:
        if not applies(cells) or readers["occurred_at"](cells) is None:
            return None
        facts = dict(_present(readers, cells))
        if attributes:
            facts["attributes"] = dict(_present(attributes, cells))
        facts.setdefault("event_id", _natural_id(mapping.event, facts))
        try:
            event = msgspec.convert({"type": mapping.event, **facts}, event_type, strict=False)
        except msgspec.ValidationError as error:
            raise BadCell(f"{mapping.event}: {error}") from error
        check(event, now_ms)
        return event

    return read


def _reader(event: str, name: str, field: FieldMapping, header: Header, whole: Mapping) -> Callable[[Cells], Any]:
    if name in time_fields(event):
        return read_time(field, header, whole.times)
    if name in id_fields(event):
        return read_id(field, header)
    if name in text_fields(event):
        return read_text(field, header)
    return read_value(field, header)


def _present(readers: dict[str, Any] | dict[str, Read], cells: Cells) -> Iterator[tuple[str, Any]]:
    for name, read in readers.items():
        value = read(cells)
        if value is not None:
            yield name, value


def _natural_id(event: str, facts: dict[str, Any]) -> str:
    subject = next((str(facts[name]) for name in _NATURAL_IDS if name in facts), "")
    which = [str(facts[name]) for name in ("kind", "site") if name in facts and "answer" not in facts]
    return event_id(event, subject, *which, to_milliseconds(facts["occurred_at"]))


def _condition(condition: Condition | None, header: Header) -> Callable[[Cells], bool]:
    if condition is None:
        return lambda cells: True
    index = header.index(condition.column, condition.nth)
    if condition.is_ is not None:
        wanted = frozenset(condition.is_)
        return lambda cells: cells[index].strip() in wanted
    refused = frozenset(condition.is_not or ())
    return lambda cells: cells[index].strip() not in refused
