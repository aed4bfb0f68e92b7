"""A seeded series of faults under load, and what a reader of committed data finds after it."""

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from stream.topics import Topics, all_topics
from tests.chaos.faults import WEIGHTS
from tests.chaos.field import Fault, Field
from tests.chaos.load import Load, helpdesk, with_troubles
from tests.chaos.seen import Verdict
from tests.chaos.truth import verdict
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

PARTITIONS = 4
PAUSE_SECONDS = (0.5, 6.0)
BROKER = {"log.cleaner.backoff.ms": "1000"}
COMPACTING = {"segment.bytes": "1048576", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "1000"}
"""The changelog is compacted while the run goes on: a stale row in it would then be all that is left."""


Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What a run does; the same plan sends the same events and does the same faults in the same order."""

    faults: int = 120
    seed: int = 1
    per_second: float = 150.0
    contacts: int = 4_000

    def series(self) -> list[Fault]:
        """The faults in their order: every kind once, the rest by weight."""
        rng = Random(self.seed)
        kinds = list(WEIGHTS)
        series = kinds[: self.faults] + rng.choices(
            kinds, [WEIGHTS[kind] for kind in kinds], k=max(0, self.faults - len(kinds))
        )
        rng.shuffle(series)
        return series


@dataclass(frozen=True)
class Result:
    """What was done and found."""

    plan: Plan
    done: Counter[str]
    ends: Counter[str]
    sent: int
    poisoned: int
    days: int
    seconds: float
    verdict: Verdict


def run(plan: Plan, folder: Path, limit_seconds: float, say: Say = print) -> Result:
    """Do it. After `limit_seconds` no further fault is begun, and the result says how many were done."""
    started = time.monotonic()

    def timed(line: str) -> None:
        say(f"{time.monotonic() - started:7.1f} s  {line}")

    with KafkaBroker(folder / "broker", BROKER) as broker:
        heartline = Heartline(broker, folder / "workers", HEARTLINE_PARTITIONS=str(PARTITIONS))
        create_topics(heartline)
        events = helpdesk(plan.seed, int(plan.per_second * limit_seconds), plan.contacts)
        load = Load(heartline.settings, with_troubles(events), plan.per_second, plan.seed)
        field = Field(heartline, load, Random(plan.seed))
        try:
            done = endure(field, plan.series(), started + limit_seconds, timed)
            timed(f"{len(load.sent)} events sent, and all of them through; comparing")
            found = verdict(heartline, load.sent)
        finally:
            heartline.stop()
    seconds = time.monotonic() - started
    return Result(plan, done, field.ends, len(load.sent), load.poisoned, load.days, seconds, found)


def endure(
    field: Field,
    faults: Sequence[Fault],
    until: float = math.inf,
    say: Say = print,
    pauses: tuple[float, float] = PAUSE_SECONDS,
) -> Counter[str]:
    """Let faults happen under load, until a time (monotonic) at most, then let everything through.

    It begins with one worker of each stage. Returns what was done, by name.
    """
    done: Counter[str] = Counter()
    field.start("intake", "0")
    field.start("scoring", "0")
    field.wait_ready()
    field.load.start()
    for number, fault in enumerate(faults, 1):
        if time.monotonic() > until:
            break
        say(f"{number:3}  {fault.__name__}")
        fault(field)
        done[fault.__name__] += 1
        field.wait(*pauses)
        field.tend()
    field.load.stop()
    finish(field)
    return done


def create_topics(heartline: Heartline) -> None:
    """The topics of the catalogue, with a changelog that is compacted at once."""
    topics = all_topics(heartline.settings)
    Topics(heartline.settings).create(topic for topic in topics if topic.name != heartline.changelog)
    compacted = {"cleanup.policy": "compact", **COMPACTING}
    heartline.broker.create_topics(heartline.changelog, partitions=PARTITIONS, config=compacted)


def finish(field: Field) -> None:
    """Let everything through; then lose all disks and recompute every contact from what the changelog gives back."""
    field.calm()
    for worker_id in field.ids("scoring"):
        field.kill("scoring", worker_id, disk_too=True)
        field.start("scoring", worker_id)
    field.wait_ready()
    field.load.tick(PARTITIONS)
    field.calm()
