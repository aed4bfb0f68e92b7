"""The work that all contestants do with a record: Heartline's own fold and encoding, without a store and without Kafka.

Needs nothing but `schemas` and `models.health`, so that it runs in the environment of Quix Streams too.
"""

import os
from dataclasses import dataclass
from typing import NamedTuple

from models.health.fold import PartitionFold, Subject
from models.health.reaction import Reaction
from models.health.state import ContactState
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_ALERTS,
    HEALTH_BAND_CHANGES,
    HEALTH_SCORE_HISTORY,
    HEALTH_SCORES,
)
from schemas.decoding import DecodeFailure, decode_signal, encode
from schemas.headers import Headers, output_headers
from schemas.keys import account_key, split_key
from schemas.scores import Output
from schemas.signals import AccountSignal, MemberContribution, MemberLeft

OUTPUTS = (HEALTH_SCORES, HEALTH_BAND_CHANGES, HEALTH_SCORE_HISTORY, HEALTH_ALERTS, HEALTH_ACCOUNT_SIGNALS)


class Outgoing(NamedTuple):
    """A record to produce."""

    topic: str
    value: bytes | None
    headers: Headers
    key: bytes


class Step:
    """Folds one record after another; the caller keeps the rows."""

    def __init__(self, prefix: str = "") -> None:
        """`prefix` goes before the names of the output topics."""
        self._folds: dict[int, PartitionFold] = {}
        self._topics = {topic: prefix + topic for topic in OUTPUTS}

    def __call__(
        self, partition: int, offset: int, key: bytes | None, value: bytes | None, row: ContactState | None
    ) -> tuple[ContactState | None, list[Outgoing]]:
        """The row after the record (None: it stays as it is), and what goes out. Without a key it is a model."""
        signal = decode_signal(value)
        if isinstance(signal, DecodeFailure):
            raise ValueError(f"the load has a record that cannot be read: {signal}")
        fold = self._folds.get(partition)
        if fold is None:
            fold = self._folds[partition] = PartitionFold()
        if key is None:
            fold.enter(offset, signal)
            return None, []
        row, reactions = fold.signal(offset, Subject(*split_key(key)), row, signal)
        return row, [sent for reaction in reactions for sent in self.outgoing(key, reaction)]

    def outgoing(self, key: bytes, reaction: Reaction) -> list[Outgoing]:
        """What goes out of a reaction of the contact of a key."""
        found = []
        if reaction.tombstone:
            found.append(Outgoing(self._topics[HEALTH_SCORES], None, [], key))
        if reaction.close is not None:
            found.append(self._encoded(HEALTH_SCORE_HISTORY, reaction.close, key))
        if reaction.score is not None:
            found.append(self._encoded(HEALTH_SCORES, reaction.score, key))
        if reaction.band is not None:
            found.append(self._encoded(HEALTH_BAND_CHANGES, reaction.band, key))
        for alert in reaction.alerts:
            found.append(self._encoded(HEALTH_ALERTS, alert, key))
        for entry in reaction.members:
            found.append(self._to_account(entry))
        return found

    def _encoded(self, topic: str, record: Output, key: bytes) -> Outgoing:
        return Outgoing(self._topics[topic], encode(record), output_headers(record), key)

    def _to_account(self, entry: AccountSignal) -> Outgoing:
        fact: MemberContribution | MemberLeft = entry.fact  # type: ignore[assignment]
        key = account_key(fact.tenant, fact.account)
        return Outgoing(self._topics[HEALTH_ACCOUNT_SIGNALS], encode(entry), [], key)


@dataclass(frozen=True, slots=True)
class Task:
    """What a contestant is told by its environment."""

    bootstrap: str
    source: str
    name: str
    folder: str
    partitions: int

    @property
    def prefix(self) -> str:
        """Before the names of its output topics."""
        return f"{self.name}."

    def environment(self) -> dict[str, str]:
        """The same as environment variables."""
        return {f"BENCH_{field.upper()}": str(getattr(self, field)) for field in self.__slots__}


def task() -> Task:
    """The task in this process's environment."""
    read = {field: os.environ[f"BENCH_{field.upper()}"] for field in ("bootstrap", "source", "name", "folder")}
    return Task(**read, partitions=int(os.environ["BENCH_PARTITIONS"]))
