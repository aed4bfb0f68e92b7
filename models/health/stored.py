"""How rows of state are read: msgpack arrays whose first element is the version of their form."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from models.health.errors import BadState, NewerStateVersion

RowT = TypeVar("RowT", bound=msgspec.Struct)


def row_reader(kind: type[RowT], name: str, known: int) -> Callable[[bytes], RowT]:
    """What makes a row of its stored form. `name` says in errors whose row it is, `known` is the newest version that
    can be read. It raises NewerStateVersion, or BadState if the bytes are no row.
    """
    decode = msgspec.msgpack.Decoder(kind).decode
    # An array of more than 15 elements has a header of three bytes, a shorter one of one byte with the length in it.
    mask, header, version_at = (0xFF, 0xDC, 3) if len(kind.__struct_fields__) > 15 else (0xF0, 0x90, 1)

    def read(data: bytes) -> RowT:
        if len(data) <= version_at or data[0] & mask != header:
            raise BadState(f"these bytes are not a row of {name} state: reset the state and replay the log")
        if data[version_at] > known:
            raise NewerStateVersion(data[version_at], known)
        try:
            return decode(data)
        except msgspec.DecodeError as error:
            raise BadState(
                f"a row of {name} state cannot be read ({error}): reset the state and replay the log"
            ) from error

    return read
