"""A million contacts: rows of a simulated helpdesk, given to as many contacts as are wanted.

The helpdesk is folded with its daily ticks up to one moment; every contact gets the row of one of its contacts, so
sizes and contents are those of the simulated load. Rows that the next tick will change are picked so often that they
make up a tenth.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple

import msgspec

from bench.load import PARTITIONS, ticked
from models.health.control_row import ControlRow, encode_control
from models.health.daily import tick
from models.health.fold import PartitionFold, Subject
from models.health.model import DEFAULT_MODEL
from models.health.state import ContactState, decode, encode
from schemas.base import DEFAULT_TENANT, to_milliseconds
from schemas.keys import contact_key, partition_for, split_key
from schemas.signals import Signal
from stream.imports.ticks import RECOMPUTE_AT
from stream.table import CONTROL_MARK

CHANGING_SHARE = 0.1
SAMPLE_EVENTS = 100_000
NOBODY = Subject(DEFAULT_TENANT, "c000000")


class Population(NamedTuple):
    """Stored rows of real contacts, apart by whether the next tick changes them, and that tick."""

    changing: list[bytes]
    quiet: list[bytes]
    sizes: list[int]
    day: date
    at: int

    def rows(self, contacts: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Partition, key and stored row of each of so many contacts."""
        rng = Random(1)
        for number in range(contacts):
            rows = self.changing if rng.random() < CHANGING_SHARE else self.quiet
            key = contact_key(DEFAULT_TENANT, f"c{number:06d}")
            yield partition_for(key, PARTITIONS), key, rows[int(rng.random() * len(rows))]

    def control(self) -> bytes:
        """The control row: the last tick was the one before."""
        row = ControlRow(now=self.at - 86_400_000, last_day=self.day.toordinal() - 1)
        return CONTROL_MARK + encode_control(row)


def population(now: datetime) -> Population:
    """The rows of a helpdesk of `DAYS` days up to the latest tick before `now`, which is the one to come.

    For the worker it is the tick of the day after: intake writes that of the day itself when it starts.
    """
    due = datetime.combine(now.astimezone(UTC).date(), RECOMPUTE_AT, UTC)
    if due > now:
        due -= timedelta(days=1)
    rows = _folded(due)
    at, day = to_milliseconds(now), due.date() + timedelta(days=1)
    changing: list[bytes] = []
    quiet: list[bytes] = []
    for row in rows:
        stored = encode(row)
        changed = tick(decode(stored), NOBODY, day.toordinal(), at, DEFAULT_MODEL, "live").changed
        (changing if changed else quiet).append(stored)
    return Population(changing, quiet, [len(encode(row)) for row in rows], day, at)


def _folded(due: datetime) -> list[ContactState]:
    fold = PartitionFold()
    rows: dict[bytes, ContactState] = {}
    for offset, (at, entry) in enumerate(ticked(SAMPLE_EVENTS, due)):
        signal = Signal(at=at, fact=entry.value)  # type: ignore[arg-type]
        if entry.key is None:
            fold.enter(offset, signal)
            if fold.sweep_due():
                for key, row in rows.items():
                    fold.sweep_row(Subject(*split_key(key)), row)
                fold.sweep_done()
        else:
            after, _ = fold.signal(offset, Subject(*split_key(entry.key)), rows.get(entry.key), signal)
            if after is not None:
                rows[entry.key] = after
    return [msgspec.structs.replace(row, offset=-1) for row in rows.values()]
