"""The documents of published models in scoring's table: a row each, beside the control row.

The control row names a model by the digest of its document alone, for it is written each minute and has to fit into a
record however many tenants there are. No row here is longer than a document may be (256 KiB), and it is written once.
"""

from typing import Any

import msgspec

from stream.dataplane import PartitionState
from stream.errors import StateError

# Behind the control row and before all contacts: no tenant begins with this byte.
PREFIX = b"\x01model\x00"
BEHIND = b"\x01\xff"
"""The contacts begin behind this key."""


class ModelRow(msgspec.Struct, frozen=True):
    """The document of a model."""

    document: bytes


class ModelRows:
    """The documents of one partition, as a fold wants them (`models.health.control_row.Documents`)."""

    def __init__(self, rows: "PartitionState[Any]") -> None:
        self._rows = rows

    def get(self, tenant: str, digest: bytes) -> bytes:
        """A document that was put. Raises `StateError` if it is not there: the table is not whole."""
        row = self._rows.get(document_key(tenant, digest))
        if not isinstance(row, ModelRow):
            raise StateError(
                f"the table has no document of the model of {tenant}; "
                "`heartline state reset --everywhere` folds it anew from the log"
            )
        return row.document

    def put(self, tenant: str, digest: bytes, document: bytes) -> None:
        """Keep a document."""
        self._rows.put(document_key(tenant, digest), ModelRow(document))

    def drop(self, tenant: str, digest: bytes) -> None:
        """Forget a document."""
        self._rows.delete(document_key(tenant, digest))


def document_key(tenant: str, digest: bytes) -> bytes:
    """The key of a document's row."""
    return PREFIX + tenant.encode() + b"\x00" + digest
