"""The document of a model as it stands in the log: JSON, whose fields are these.

The parameters of components and alerts are those of their own types (`components.registry`, `alerts.registry`).
"""

import re
from typing import Annotated, Any, TypeVar

import msgspec

from models.health.errors import ModelError, Path, Problem
from models.health.hard_exceptions import HardException, Slug
from models.health.segments import When
from schemas.door import MAX_MODEL_BYTES

MAX_BYTES = MAX_MODEL_BYTES
"""A document is no longer: it has to fit into a record of the log, and a person has to read it."""
VERSION_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,62}$"
Version = Annotated[str, msgspec.Meta(pattern=VERSION_PATTERN)]
Parameters = dict[str, Any]
Shape = TypeVar("Shape")

MAX_SEGMENTS = MAX_EXCEPTIONS = 100


class Blocks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a segment may override: of components, bands and alerts the parameters it names, of exceptions all."""

    components: dict[str, Parameters] = msgspec.field(default_factory=dict)
    bands: Parameters = msgspec.field(default_factory=dict)
    alerts: dict[str, Parameters] = msgspec.field(default_factory=dict)
    exceptions: Annotated[list[HardException], msgspec.Meta(max_length=MAX_EXCEPTIONS)] | None = None


class SegmentDocument(Blocks, frozen=True, kw_only=True):
    """A segment: what is different for the contacts for whom `when` holds."""

    name: Slug
    when: When


class AccountBlock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How accounts are scored: components (`accounts.components.registry`), bands where they have their own, and
    alerts (`accounts.alerts.registry`).
    """

    components: dict[str, Parameters] = msgspec.field(default_factory=dict)
    bands: Parameters = msgspec.field(default_factory=dict)
    alerts: dict[str, Parameters] = msgspec.field(default_factory=dict)


class Document(Blocks, frozen=True, kw_only=True):
    """The whole model. The first segment whose `when` holds is a contact's; without one it is scored by the base."""

    version: Version
    components: dict[str, Parameters]
    description: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    segments: Annotated[list[SegmentDocument], msgspec.Meta(max_length=MAX_SEGMENTS)] = msgspec.field(
        default_factory=list
    )
    account: AccountBlock | None = None


_decoder = msgspec.json.Decoder(Document)


def decode_document(data: bytes | msgspec.Raw) -> Document:
    """The fields of a document. Raises ModelError with the first that is not as it has to be."""
    size = memoryview(data).nbytes
    if size > MAX_BYTES:
        raise ModelError([Problem((), f"the model has {size} bytes, more than the {MAX_BYTES} that fit in the log")])
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError([problem((), error)]) from error
    except RecursionError as error:
        raise ModelError([Problem((), "the model is nested too deep")]) from error


def merged(base: dict[str, Parameters], own: dict[str, Parameters]) -> dict[str, Parameters]:
    """Blocks of parameters by name, where those that a segment names win."""
    return {name: {**base.get(name, {}), **own.get(name, {})} for name in (*base, *(own.keys() - base.keys()))}


def idle(kind: type, parameters: Parameters, where: Path) -> list[Problem]:
    """The parameters that a kind has of its family and does nothing with: who sets one expects something of it."""
    names: frozenset[str] = getattr(kind, "idle", frozenset())
    return [Problem((*where, name), "it has no effect here: leave it out") for name in parameters if name in names]


def problem(where: Path, error: Exception) -> Problem:
    """A problem of an error of msgspec, which tells its place in its own words."""
    message, _, place = str(error).partition(" - at `$")
    steps = [int(index) if index else name for name, index in re.findall(r"([^.\[\]`]+)|\[(\d+)\]", place.rstrip("`"))]
    return Problem((*where, *(step for step in steps if step != "...")), message)
