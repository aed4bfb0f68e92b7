"""Which rows fall due when, in a stage's table: an empty row per subject that something ends for, in the order of time.

A clock then touches the few rows whose time has come, and never looks at the others.

An entry may be there that its row says nothing of any more: deletions leave a compacted changelog after a while
(`delete.retention.ms`), and a disk that was away for longer never hears of them. So an entry is a hint, and the row
decides. The other way round cannot be: what was put last stays in the changelog.
"""

from typing import Any

import msgspec

from stream.dataplane import PartitionState

DUE_MARK = b"\xc1\xc2"
"""How a row of the index is stored: nothing else begins so."""

# Before all subjects: no tenant begins with this byte.
PREFIX = b"\x01due\x00"
_TIME_SIZE = 8


class DueRow(msgspec.Struct, frozen=True):
    """Says nothing: its key does."""


_DUE = DueRow()


class DueRows:
    """The index of one partition."""

    def __init__(self, rows: "PartitionState[Any]") -> None:
        self._rows = rows

    def move(self, key: bytes, before: int | None, after: int | None) -> None:
        """A subject was due at a time (UTC milliseconds; None is never) and is now at another one."""
        if before == after:
            return
        if before is not None:
            self._rows.delete(_key(before, key))
        if after is not None:
            self._rows.put(_key(after, key), _DUE)

    def drop(self, due_at: int, key: bytes) -> None:
        """Forget an entry that its row says nothing of."""
        self._rows.delete(_key(due_at, key))

    def earliest(self, limit: int) -> list[tuple[int, bytes]]:
        """The first so many that fall due: when, and whose key."""
        behind, time_ends = len(PREFIX), len(PREFIX) + _TIME_SIZE
        found = self._rows.scan(PREFIX, limit)
        return [(int.from_bytes(key[behind:time_ends]), key[time_ends:]) for key, _ in found if key.startswith(PREFIX)]


def _key(due_at: int, key: bytes) -> bytes:
    return PREFIX + due_at.to_bytes(_TIME_SIZE) + key
