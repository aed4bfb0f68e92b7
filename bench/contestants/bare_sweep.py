"""The bare loop of a sweep: scan, decode, score; encode, write to RocksDB and produce what the tick changed.

No changelog, no transactions, no audit, and nothing else to do beside it. Prints the seconds it took.
"""

import sys
import time
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from bench.contestants.step import Step, task
from models.health.fold import Subject
from models.health.model import DEFAULT_MODEL
from models.health.react import tick
from models.health.state import decode, encode
from schemas.keys import split_key
from stream.dataplane.store import PartitionStore, Stores

ROWS_AT_ONCE = 1000


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
    """Sweep one partition; returns how many rows changed."""
    changed = 0
    after: bytes | None = None
    while found := list(islice(store.items(after), ROWS_AT_ONCE)):
        rows = []
        for key, stored in found:
            row = decode(stored)
            reaction = tick(row, Subject(*split_key(key)), day, at, DEFAULT_MODEL, "live")
            if reaction.changed:
                rows.append((key, encode(row)))
                for topic, value, headers in step.outgoing(reaction):
                    producer.produce(topic, value, key, partition, headers=headers)
        store.write(rows, None)
        producer.poll(0)
        changed += len(rows)
        after = found[-1][0]
    return changed


if __name__ == "__main__":
    main()
