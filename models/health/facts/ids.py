"""Ids as rows keep them: hashes of a fixed size, for a source's ids may be long.

64 bits identify a fact (two of a contact's facts share a hash once in 10^17), 32 bits refer to another one.
"""

from hashlib import blake2b

ID_BYTES = 8


def id_bytes(text: str) -> bytes:
    """The 64-bit hash of an id, big-endian, so that bytes and numbers have the same order."""
    return blake2b(text.encode(), digest_size=ID_BYTES).digest()


def id_number(text: str) -> int:
    """The 64-bit hash of an id as a number."""
    return int.from_bytes(id_bytes(text))


def reference(text: str) -> int:
    """The 32-bit hash by which one fact refers to another: the first half of the other's id hash."""
    return int.from_bytes(id_bytes(text)[:4])
