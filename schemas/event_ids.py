"""Ids of what we write: the same record gets the same id however often, and by whichever worker, it is written."""

from hashlib import sha1
from uuid import UUID

# uuid5(NAMESPACE_URL, "urn:heartline:events"); changing it changes every id.
NAMESPACE = UUID("1942b076-43b1-5eb9-a2bf-db3827bd5362")

_NAMESPACE_BYTES = NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def event_id(tenant: str, subject: str, kind: str, seq: int | str) -> str:
    """The id of the `seq`-th record of a kind about a subject: UUIDv5 (RFC 9562) of the four parts, one per line.

    No part may contain a line break (ids have no control characters), so that no two records share a name. Written out
    here because `uuid.uuid5` takes three times as long, and this is done for each output.
    """
    digest = sha1(_NAMESPACE_BYTES + f"{tenant}\n{subject}\n{kind}\n{seq}".encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"
