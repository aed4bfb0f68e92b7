"""The record that a partition keeps of what concerns every row: its ticks, clock entries and models.

It lives beside the rows, as do the documents of the models.
"""

from typing import Protocol

import msgspec

from schemas.base import Mode

CONTROL_VERSION = 1
NO_OFFSET = -1


class Pending(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A partition-wide entry that some rows have not seen: `day` (a proleptic ordinal) for a tick, else a tenant's
    model.

    `now` is the partition's clock when the entry was read: rows that see it late are aged to that time, not to a later
    one. `after` is the day of the latest tick before it.
    """

    offset: int
    now: int
    mode: Mode
    day: int | None = None
    tenant: str | None = None
    after: int = 0
    alerts: bool = False


class Minute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A clock entry that some row may be due by, the partition's clock when it was read, and the day of the latest tick
    before it.
    """

    offset: int
    now: int
    after: int


class InForce(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A model, by the digest of its document, and the offset from which it is in force."""

    offset: int
    digest: bytes


class Documents(Protocol):
    """Where a partition keeps the documents of the models that some of its rows are still scored by.

    They lie beside the control row, not in it: that one is written each minute and has to stay small.
    """

    def get(self, tenant: str, digest: bytes) -> bytes:
        """A document that was put."""

    def put(self, tenant: str, digest: bytes, document: bytes) -> None:
        """Keep a document."""

    def drop(self, tenant: str, digest: bytes) -> None:
        """Forget a document that no row is scored by any more."""


class DocumentsInMemory:
    """For a fold that keeps nothing."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, bytes], bytes] = {}

    def get(self, tenant: str, digest: bytes) -> bytes:
        """A document that was put."""
        return self._documents[tenant, digest]

    def put(self, tenant: str, digest: bytes, document: bytes) -> None:
        """Keep a document."""
        self._documents[tenant, digest] = document

    def drop(self, tenant: str, digest: bytes) -> None:
        """Forget a document."""
        del self._documents[tenant, digest]


class ControlRow(msgspec.Struct, array_like=True):
    """What a partition remembers of its partition-wide entries. It lives in the table and its changelog beside the
    rows.

    `sweep_until` is the offset of the last entry that the sweep under way applies, `cursor` the last key it has seen.
    `bands` counts the partition's scored contacts. `minutes` are the clock entries by which a row may be due still.
    `recomputed_at` is the time of the latest tick that was applied to every row; 0: none was.
    """

    version: int = CONTROL_VERSION
    offset: int = NO_OFFSET
    now: int = 0
    last_day: int = 0
    models: dict[str, list[InForce]] = msgspec.field(default_factory=dict)
    pending: list[Pending] = msgspec.field(default_factory=list)
    sweep_until: int | None = None
    cursor: bytes = b""
    bands: dict[str, int] = msgspec.field(default_factory=dict)
    minutes: list[Minute] = msgspec.field(default_factory=list)
    recomputed_at: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ControlRow).decode


def encode_control(control: ControlRow) -> bytes:
    """The stored form of a control row."""
    return _encode(control)


def decode_control(data: bytes) -> ControlRow:
    """The control row of its stored form."""
    return _decode(data)
