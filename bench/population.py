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

from bench.load import DAYS, PARTITIONS, ticked
from models.health.fold import PartitionFold, Subject
from models.health.model import DEFAULT_MODEL
from models.health.react import tick
from models.health.state import ContactState, decode, encode
from schemas.base import DEFAULT_TENANT
from schemas.keys import contact_key, partition_for, split_key
from schemas.signals import Signal
from stream.scoring import CONTROL_KEY, CONTROL_MARK
from models.health.fold import ControlRow, encode_control

CHANGING_SHARE = 0.1
SAMPLE_EVENTS = 100_000


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
    """The rows of a helpdesk that began `DAYS` days before `now`, closed daily; the next tick is at `now`."""
    start = now - timedelta(days=DAYS)
    rows = _folded(start)
    at = int(now.timestamp() * 1000)
    day = now.astimezone(UTC).date() + timedelta(days=1)
    changing, quiet = [], []
    for row in rows:
        stored = encode(row)
        subject = Subject(DEFAULT_TENANT, "c000000")
        changed = tick(decode(stored), subject, day.toordinal(), at, DEFAULT_MODEL, "live").changed
        (changing if changed else quiet).append(stored)
    return Population(changing, quiet, [len(encode(row)) for row in rows], day, at)


def _folded(start: datetime) -> list[ContactState]:
    fold = PartitionFold()
    rows: dict[bytes, ContactState] = {}
    for offset, (at, entry) in enumerate(ticked(SAMPLE_EVENTS, start)):
        signal = Signal(at=at, fact=entry.value)  # type: ignore[arg-type]
        if entry.key is None:
            fold.enter(offset, signal)
            if fold.sweep_due():
                for key, row in rows.items():
                    fold.sweep_row(Subject(*split_key(key)), row)
                fold.sweep_done()
        else:
            row, _ = fold.signal(offset, Subject(*split_key(entry.key)), rows.get(entry.key), signal)
            if row is not None:
                rows[entry.key] = row
    return [msgspec.structs.replace(row, offset=-1) for row in rows.values()]
