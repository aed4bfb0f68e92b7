"""Logs made of facts, without a broker."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from models.sentiment.vader import VaderClassifier
from schemas.base import from_milliseconds, to_milliseconds
from schemas.catalogue import HEALTH_SIGNALS
from schemas.decoding import encode
from schemas.keys import contact_key, partition_for
from schemas.signals import PARTITION_FACTS, LoggedFact, Signal, Tick
from stream.dataplane import Record
from stream.history import entries
from stream.imports import with_ticks
from stream.simulate import simulate
from tests.unit.models.health.building import ms

START = datetime(2026, 1, 5, tzinfo=UTC)


class FactsLog(NamedTuple):
    """A log in memory: entries with their partition."""

    entries: tuple[tuple[int, Record], ...]
    count: int = 1
    hands_on: bool = True

    def partitions(self) -> int:
        return self.count

    def size(self) -> int:
        return len(self.entries)

    def read(self, partition: int) -> Iterator[Record]:
        return (record for number, record in self.entries if number == partition)


def logged(*facts: LoggedFact | tuple[float, LoggedFact], partitions: int = 1) -> FactsLog:
    """Each fact at the time it occurred, or with the days after the start at which it is logged; partition-wide ones go
    to every partition.
    """
    found = []
    for offset, one in enumerate(facts):
        days, fact = one if isinstance(one, tuple) else (None, one)
        at = to_milliseconds(fact.occurred_at) if days is None else ms(days)  # type: ignore[union-attr]
        found += _records(fact, at, offset, partitions)
    return FactsLog(tuple(found), partitions)


def tick(days: float) -> tuple[float, Tick]:
    """The daily tick at a time."""
    return days, Tick(day=from_milliseconds(ms(days)).date())


@cache
def simulated(contacts: int = 30, days: int = 40, partitions: int = 1, seed: int = 5) -> FactsLog:
    """A simulated helpdesk as a history, with models, overrides and erasures."""
    events = simulate(seed=seed, contacts=contacts, start=START, days=days, models_every_days=9)
    found = []
    offset = 0
    for at, entry in entries(with_ticks(events, until=START + timedelta(days=days + 80)), VaderClassifier()):
        if entry.topic == HEALTH_SIGNALS:
            found += _records(entry.value, at, offset, partitions)  # type: ignore[arg-type]
            offset += 1
    return FactsLog(tuple(found), partitions)


def _records(fact: LoggedFact, at: int, offset: int, partitions: int) -> Iterable[tuple[int, Record]]:
    value = encode(Signal(at=at, fact=fact))
    if isinstance(fact, PARTITION_FACTS):
        return [(partition, Record(offset, None, value, None, 0)) for partition in range(partitions)]
    key = contact_key(fact.tenant, fact.contact or "")  # type: ignore[union-attr]
    return [(partition_for(key, partitions), Record(offset, key, value, None, 0))]
