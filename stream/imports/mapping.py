"""The mapping file: which column of an export is which field of which event. See `docs/import.md`.

It is data, not a program: columns, constants, tables of values, formats of time, and two transforms (`slug`, `hash`).
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)

from schemas.base import DEFAULT_TENANT, AuthorKind, TicketStatus
from stream.imports.errors import MappingError
from stream.imports.event_types import EVENT_TYPES, field_names, required_fields

Constant = str | bool | int | float


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"no such time zone: {name!r} (write it as Europe/Rome or UTC)") from error
    return name


def _text_keys(table: Any) -> Any:
    """Cells are text, so the keys of a table are too: YAML reads a bare 1 as a number and a bare Yes as true."""
    if not isinstance(table, dict):
        return table
    for key in table:
        if isinstance(key, bool):
            raise ValueError(f"YAML reads the bare key {key} as true or false: put it in quotes")
    return {str(key): value for key, value in table.items()}


def _column_by_name(field: Any) -> Any:
    return {"column": field} if isinstance(field, str) else field


Zone = Annotated[str, AfterValidator(_known_zone)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldMapping(_Strict):
    """Where a field comes from: a `column` (the `nth` of that name), or a constant `value`. A bare name means a column.

    An empty cell leaves the field out. `values` translates cells; a cell that is not in it becomes `otherwise` (null
    leaves the field out) or, without `otherwise`, is an error. `slug` makes "US Airways" `us-airways`; `hash` replaces
    an address by a pseudonym. `format` and `zone` are those of a time, where they differ from the mapping's.
    """

    column: str | None = None
    nth: PositiveInt = 1
    value: Constant | None = None
    values: Annotated[dict[str, Constant | None], BeforeValidator(_text_keys)] | None = None
    otherwise: Constant | None = None
    slug: bool = False
    hash: bool = False
    format: str | None = None
    zone: Zone | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is None) == (self.value is None):
            raise ValueError("exactly one of `column` and `value` must be given")
        if self.has_otherwise and self.values is None:
            raise ValueError("`otherwise` says what becomes of cells that `values` does not name: give `values` too")
        return self

    @property
    def has_otherwise(self) -> bool:
        """Whether cells outside `values` are expected."""
        return "otherwise" in self.model_fields_set


FieldFrom = Annotated[FieldMapping, BeforeValidator(_column_by_name)]


class Times(_Strict):
    """How times are written: `iso` (with or without an offset), `unix` (seconds), `unix_ms`, or a strptime format.

    `zone` is the zone of times that carry none; without it such a time is an error.
    """

    format: str = "iso"
    zone: Zone | None = None


class Condition(_Strict):
    """Rows of which `column` `is` one of these values, or is none of those in `is_not` ("" is an empty cell)."""

    column: str
    nth: PositiveInt = 1
    is_: list[str] | None = Field(default=None, alias="is")
    is_not: list[str] | None = None

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if (self.is_ is None) == (self.is_not is None):
            raise ValueError("exactly one of `is` and `is_not` must be given")
        return self


class EventMapping(_Strict):
    """The event that each row makes: one of type `event` with these `fields`; no event where the time is empty."""

    event: str
    fields: dict[str, FieldFrom]
    attributes: dict[str, FieldFrom] = {}
    when: Condition | None = None

    @model_validator(mode="after")
    def _fits_the_type(self) -> Self:
        if self.event not in EVENT_TYPES:
            raise ValueError(f"no such event: {self.event!r} (there are {', '.join(EVENT_TYPES)})")
        if self.attributes and "attributes" not in field_names(self.event):
            raise ValueError(f"{self.event} has no attributes")
        for name in self.fields:
            if name not in field_names(self.event) or name == "attributes":
                known = ", ".join(sorted(field_names(self.event) - {"attributes"}))
                raise ValueError(f"{self.event} has no field {name!r} (it has {known})")
        missing = required_fields(self.event) - set(self.fields) - {"event_id"}
        if missing:
            raise ValueError(f"{self.event} needs {', '.join(sorted(missing))}")
        return self


class Step(_Strict):
    """What an activity of a ticket log does to its ticket: nothing, if nothing is given.

    `responded`: the customer has heard from an agent by now (only the first one counts). `reply`: a message of a side.
    """

    status: TicketStatus | None = None
    responded: bool = False
    reply: Literal["customer", "agent", "bot"] | None = None


class TicketLog(_Strict):
    """A log with one row per step of a ticket. The first row opens it; a change of contact or severity is noticed."""

    ticket: FieldFrom
    contact: FieldFrom
    occurred_at: FieldFrom
    activity: FieldFrom
    activities: dict[str, Step]
    severity: FieldFrom | None = None
    channel: FieldFrom | None = None
    opened_by: AuthorKind = "customer"
    reopened_by: AuthorKind = "customer"


class Source(_Strict):
    """One export: the files whose names match `file`, read as `events` (each row by itself) or as a `ticket_log`."""

    file: str = "*"
    encoding: str = "utf-8-sig"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    events: list[EventMapping] | None = Field(default=None, min_length=1)
    ticket_log: TicketLog | None = None

    @model_validator(mode="after")
    def _one_reading(self) -> Self:
        if (self.events is None) == (self.ticket_log is None):
            raise ValueError("exactly one of `events` and `ticket_log` must be given")
        return self


class Mapping(_Strict):
    """A mapping file."""

    sources: list[Source] = Field(min_length=1)
    tenant: FieldFrom = FieldMapping(value=DEFAULT_TENANT)
    times: Times = Times()


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file; a MappingError names each field that is wrong."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingError(f"cannot read the mapping {path}: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"cannot read the mapping {path}: {error}") from error
    try:
        return Mapping.model_validate(document)
    except ValidationError as error:
        raise MappingError(f"the mapping {path} is not valid:\n{_problems(error)}") from error


def _problems(error: ValidationError) -> str:
    return "\n".join(
        f"  {'.'.join(map(str, problem['loc'])) or '(document)'}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors()
    )
