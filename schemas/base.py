"""Types that all records share.

Readers ignore fields they do not know; a writer leaves out a field that has its default. Times are UTC with
milliseconds.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(2200, 1, 1, tzinfo=UTC)
"""Nothing that we keep lies so far ahead: what does is a clock that went wrong, or a system's word for "never"."""

TENANT_PATTERN = r"^[a-z0-9-]{1,63}$"
SUBJECT_PATTERN = r"^[^@\x00-\x1f\x7f]{1,128}$"
EVENT_ID_PATTERN = r"^[^\x00-\x1f\x7f]{1,128}$"
MAX_SCALE = 1e6

# Patterns are published in the JSON Schema and enforced by `schemas.decoding` at the door. They are not msgspec
# patterns, because those would be checked again (a Python regular expression per field) for each record of the log,
# which only we write.
TenantId = Annotated[str, msgspec.Meta(min_length=1, max_length=63, extra_json_schema={"pattern": TENANT_PATTERN})]
SubjectId = Annotated[str, msgspec.Meta(min_length=1, max_length=128, extra_json_schema={"pattern": SUBJECT_PATTERN})]
EventId = Annotated[str, msgspec.Meta(min_length=1, max_length=128, extra_json_schema={"pattern": EVENT_ID_PATTERN})]
Name = Annotated[str, msgspec.Meta(max_length=256)]
UtcTime = Annotated[datetime, msgspec.Meta(tz=True)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]

# A whole number of JSON has no end, and rows have 64 bits: what we read is bounded, and what we add up so far below
# that its sums stay there. A producer may have stamped a record with any time that Kafka can hold.
Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Milliseconds = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1, description="UTC milliseconds since 1970-01-01")]
LogTime = Annotated[
    int,
    msgspec.Meta(
        ge=0,
        le=(END_OF_TIME - EPOCH) // timedelta(milliseconds=1) - 1,
        description="UTC milliseconds since 1970-01-01, before the year 2200",
    ),
]

AuthorKind = Literal["customer", "agent", "bot", "system"]
Severity = Literal["low", "normal", "high", "urgent"]
TicketStatus = Literal["open", "pending", "on_hold", "solved", "closed"]
SurveyKind = Literal["nps", "csat", "star", "thumbs", "ces"]
SentimentLabel = Literal["negative", "neutral", "positive"]
Tone = Literal["frustrated", "sad", "grateful", "happy", "confused"]
Band = Literal["at_risk", "needs_attention", "healthy", "champion"]
Mode = Literal["live", "import"]

DEFAULT_TENANT = "default"


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", gc=False):
    """Anything on a topic: a JSON object whose field `type` names its shape."""


class Event(Record, frozen=True, kw_only=True, gc=False):
    """Something that happened in a source system of `tenant`.

    `event_id` is the source's own; the same id may be sent any number of times. `occurred_at` is the time in the
    source.
    """

    event_id: EventId
    occurred_at: UtcTime
    tenant: TenantId = DEFAULT_TENANT


class ContactEvent(Event, frozen=True, kw_only=True, gc=False):
    """An event about one contact, named by the tenant's own id (never an e-mail address)."""

    contact: SubjectId


class OffScaleError(ValueError):
    """A rating that its own scale does not have, or a scale that is none."""


def check_scale(value: float, scale_min: float, scale_max: float) -> None:
    """Raise OffScaleError unless `scale_min <= value <= scale_max` and `scale_min < scale_max`, both within +-1e6 (the
    width of a wider one could overflow).
    """
    if not -MAX_SCALE <= scale_min < scale_max <= MAX_SCALE:
        raise OffScaleError(f"`scale_min` to `scale_max` is no scale: it has to rise, within +-{MAX_SCALE:g}")
    if not scale_min <= value <= scale_max:
        raise OffScaleError("`value` is off its scale")


def to_milliseconds(time: datetime) -> int:
    """UTC milliseconds since 1970-01-01 of an aware datetime."""
    return round(time.timestamp() * 1000)


def from_milliseconds(milliseconds: int) -> datetime:
    """The aware UTC datetime of milliseconds since 1970-01-01."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def all_record_types(union_members: Iterable[type[Record]]) -> dict[str, type[Record]]:
    """Record types by their tag."""
    return {str(member.__struct_config__.tag): member for member in union_members}
