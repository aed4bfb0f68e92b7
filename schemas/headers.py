"""Headers: those of CloudEvents (Kafka binding, binary mode) on every output record, and those of dead letters.

See "Kafka Protocol Binding for CloudEvents 1.0", section 3.2: attributes are headers with the prefix `ce_`, the data is
the value.
"""

from datetime import datetime
from functools import lru_cache

import msgspec

from schemas.base import from_milliseconds
from schemas.scores import Output

CE_ID = "ce_id"
CE_TYPE = "ce_type"
CE_SOURCE = "ce_source"
CE_TIME = "ce_time"
CE_SPECVERSION = "ce_specversion"
CONTENT_TYPE = "content-type"

# A dead letter keeps the headers of its source record and adds these (numbers in decimal digits). The last one only if
# it is not whole: the size of its record, key, value and headers together.
DEAD_LETTER_REASON = "heartline_reason"
DEAD_LETTER_DETAIL = "heartline_detail"
DEAD_LETTER_TOPIC = "heartline_topic"
DEAD_LETTER_PARTITION = "heartline_partition"
DEAD_LETTER_OFFSET = "heartline_offset"
DEAD_LETTER_CUT_FROM = "heartline_cut_from"

SPECVERSION = b"1.0"
JSON = b"application/json"

Headers = list[tuple[str, bytes]]

_to_json = msgspec.json.Encoder().encode
_WITH_FRACTION = len('"2026-01-05T00:00:00.123000Z"')


def cloud_event_headers(event_id: str, event_type: str, tenant: str, at_ms: int) -> Headers:
    """Headers of one output: its id, its type (the record's tag), `/heartline/tenant` as its source, its log time
    as its time.
    """
    return [
        (CE_SPECVERSION, SPECVERSION),
        (CE_ID, event_id.encode()),
        _type_header(event_type),
        _source_header(tenant),
        _time_header(at_ms),
        (CONTENT_TYPE, JSON),
    ]


def output_headers(record: Output) -> Headers:
    """The same of a record that has it all."""
    return [
        (CE_SPECVERSION, SPECVERSION),
        (CE_ID, record.event_id.encode()),
        _type_header_of(type(record)),
        _source_header(record.tenant),
        (CE_TIME, _written(record.at)),
        (CONTENT_TYPE, JSON),
    ]


@lru_cache(maxsize=64)
def _type_header(event_type: str) -> tuple[str, bytes]:
    return CE_TYPE, event_type.encode()


@lru_cache(maxsize=4096)
def _source_header(tenant: str) -> tuple[str, bytes]:
    return CE_SOURCE, f"/heartline/{tenant}".encode()


@lru_cache(maxsize=64)
def _type_header_of(kind: type[Output]) -> tuple[str, bytes]:
    return _type_header(str(kind.__struct_config__.tag))


# What intake writes of one run has one time.
@lru_cache(maxsize=4096)
def _time_header(at_ms: int) -> tuple[str, bytes]:
    return CE_TIME, _written(from_milliseconds(at_ms))


def _written(at: datetime) -> bytes:
    """A UTC time with milliseconds. As JSON has it (in quotes, to the microsecond, without a fraction of zero), which
    takes a quarter of the time of `isoformat`.
    """
    text = _to_json(at)
    return text[1:24] + b"Z" if len(text) == _WITH_FRACTION else text[1:20] + b".000Z"
