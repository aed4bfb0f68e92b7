"""The bare loop of a sweep: scan, decode, score, encode, write to RocksDB; produce what the tick changed.

The same fold as everywhere. No changelog, no transactions, and nothing else to do beside it; but it writes each row,
where the worker leaves out those that the tick does not change. Prints the seconds it took.
"""

import sys
import time
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from bench.contestants.step import Step, task
from models.health.fold import PartitionFold, Subject
from models.health.state import decode, encode
from schemas.keys import split_key
from schemas.signals import Signal, Tick
from stream.dataplane.store import PartitionStore, Stores

ROWS_AT_ONCE = 1000
OFFSET = 0


def main() -> None:
    """Sweep the store in the task's folder by the tick of the day and time given as arguments."""
    told = task()
    day, at = date.fromisoformat(sys.argv[1]).toordinal(), int(sys.argv[2])
    stores = Stores(Path(told.folder), 32 << 20, 8 << 20)
    producer: Any = Producer({"bootstrap.servers": told.bootstrap, "linger.ms": 5, "compression.type": "lz4"})
    step = Step(told.prefix)
    began = time.monotonic()
    changed = sum(sweep(stores.open(p), p, producer, step, day, at) for p in range(told.partitions))
    producer.flush(60)
    print(time.monotonic() - began, changed)


def sweep(store: PartitionStore, partition: int, producer: Any, step: Step, day: int, at: int) -> int:
    """Sweep one partition; returns how many rows changed. Each row is scanned, decoded, scored (by the same fold, from
    its facts), encoded and written to RocksDB; what has changed is produced.
    """
    changed = 0
    after: bytes | None = None
    fold = PartitionFold()
    fold.enter(OFFSET, Signal(at=at, fact=Tick(day=date.fromordinal(day))))
    assert fold.sweep_due()
    while found := list(islice(store.items(after), ROWS_AT_ONCE)):
        rows = []
        for key, stored in found:
            row = decode(stored)
            reactions = fold.sweep_row(Subject(*split_key(key)), row)
            rows.append((key, encode(row)))
            changed += bool(reactions)
            for reaction in reactions:
                for topic, value, headers, to in step.outgoing(key, reaction):
                    producer.produce(topic, value, to, partition if to == key else -1, headers=headers)
        store.write(rows, None)
        producer.poll(0)
        after = found[-1][0]
    return changed


if __name__ == "__main__":
    main()
