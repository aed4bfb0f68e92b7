"""One field of an event, read from one row: compiled once per file, because it is called once per cell."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from schemas.base import SUBJECT_PATTERN, Event
from schemas.door import refusal
from stream.imports.errors import MappingError
from stream.imports.mapping import Constant, FieldMapping, Times

Cells = Sequence[str]
Read = Callable[[Cells], Constant | None]
ReadTime = Callable[[Cells], datetime | None]

_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")
_SUBJECT = re.compile(SUBJECT_PATTERN)


class BadCell(ValueError):
    """A cell is not what its field needs; the message says which and what to do."""


def check(event: Event, now_ms: int) -> None:
    """What the door of intake refuses is refused here, for a history does not pass that door. Raises BadCell."""
    failure = refusal(event, now_ms=now_ms, tenants=None)
    if failure is not None:
        raise BadCell(failure.detail)


class Header:
    """The columns of a file, by name and number of that name."""

    def __init__(self, file: str, names: Sequence[str]) -> None:
        self._file = file
        self._names = [name.strip() for name in names]

    def index(self, column: str, nth: int) -> int:
        """The position of the `nth` column of that name; MappingError if there is none."""
        found = [index for index, name in enumerate(self._names) if name == column]
        if len(found) < nth:
            which = f"column {column!r}" if nth == 1 else f"{nth} columns {column!r}"
            raise MappingError(f"{self._file} has no {which}; its columns are: {', '.join(self._names)}")
        return found[nth - 1]


def read_value(field: FieldMapping, header: Header) -> Read:
    """How to read a field: its cell, translated; None for an empty one."""
    if field.column is None:
        constant = field.value
        return lambda cells: constant
    index = header.index(field.column, field.nth)
    steps = _steps(field)

    def read(cells: Cells) -> Constant | None:
        value: Constant | None = cells[index].strip() or None
        for step in steps:
            if value is None:
                return None
            value = step(value)
        return value

    return read


def read_text(field: FieldMapping, header: Header) -> Read:
    """How to read a field whose cells are taken as they stand."""
    if field.column is None:
        return read_value(field, header)
    index = header.index(field.column, field.nth)
    return lambda cells: cells[index] or None


def read_id(field: FieldMapping, header: Header) -> Read:
    """How to read an id: as text, and never an address."""
    read = read_value(field, header)
    origin = f"column {field.column!r}" if field.column is not None else "`value`"

    def read_checked(cells: Cells) -> str | None:
        value = read(cells)
        if value is None:
            return None
        name = str(value)
        if "@" in name:
            raise BadCell(
                f"{origin} holds an address where an id is needed; map the column with the person's id, "
                "or add `hash: true` to use a pseudonym of the address"
            )
        if not _SUBJECT.match(name):
            raise BadCell(f"{origin}: {name[:80]!r} is no id (1 to 128 characters, none of them a control character)")
        return name

    return read_checked


def read_time(field: FieldMapping, header: Header, times: Times) -> ReadTime:
    """How to read a time, to UTC."""
    read = read_value(field, header)
    origin = f"column {field.column!r}" if field.column is not None else "`value`"
    written = field.format or times.format
    parse = _parser(written)
    name = field.zone or times.zone
    zone = ZoneInfo(name) if name else None

    def read_utc(cells: Cells) -> datetime | None:
        cell = read(cells)
        if cell is None:
            return None
        try:
            time = parse(str(cell))
        except (ValueError, OverflowError, OSError) as error:
            raise BadCell(f"{origin}: {str(cell)[:80]!r} is not a time of the format {written!r}") from error
        if time.tzinfo is None:
            if zone is None:
                raise BadCell(f"{origin}: {str(cell)[:80]!r} has no time zone; give `zone` under `times`")
            time = time.replace(tzinfo=zone)
        try:
            return time.astimezone(UTC)
        except OverflowError as error:
            raise BadCell(f"{origin}: {str(cell)[:80]!r} is out of the range of times") from error

    return read_utc


def slug(value: str) -> str:
    """Lower case, hyphens for everything but letters and digits: "US Airways" is `us-airways`."""
    return _NOT_IN_A_SLUG.sub("-", value.lower()).strip("-")


def pseudonym(value: str) -> str:
    """The same short name for the same address, whatever its case: 128 bits of BLAKE2b."""
    return blake2b(value.strip().lower().encode(), digest_size=16).hexdigest()


def _steps(field: FieldMapping) -> list[Callable[[Constant], Constant | None]]:
    steps: list[Callable[[Constant], Constant | None]] = []
    if field.values is not None:
        steps.append(_translate(field))
    if field.slug:
        steps.append(lambda value: slug(str(value)) or None)
    if field.hash:
        steps.append(lambda value: pseudonym(str(value)))
    return steps


def _translate(field: FieldMapping) -> Callable[[Constant], Constant | None]:
    table = field.values or {}

    def translate(value: Constant) -> Constant | None:
        cell = str(value)
        if cell in table:
            return table[cell]
        if field.has_otherwise:
            return field.otherwise
        raise BadCell(
            f"column {field.column!r}: {cell[:80]!r} is not among the `values` of the mapping "
            f"({', '.join(table)}); add it, or give `otherwise`"
        )

    return translate


def _parser(written: str) -> Callable[[str], datetime]:
    if written == "iso":
        return datetime.fromisoformat
    if written in ("unix", "unix_ms"):
        scale = 1 if written == "unix" else 1000
        return lambda cell: datetime.fromtimestamp(float(cell) / scale, UTC)
    return lambda cell: datetime.strptime(cell, written)  # noqa: DTZ007 - the zone is added by the caller
