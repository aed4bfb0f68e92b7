"""The load: what a simulated helpdesk puts into `health.signals`, made by the code that intake and imports use.

Messages get labels by the length of their text: a classifier would only make the preparation slow, and scoring does not
know where a label comes from.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Raw

from models.sentiment.port import LABELS, Reading
from schemas.base import Event, to_milliseconds
from schemas.catalogue import HEALTH_SIGNALS
from schemas.control import ModelPublished
from schemas.decoding import encode
from schemas.keys import partition_for
from schemas.signals import Signal
from stream.history import Logged, entries
from stream.imports import with_ticks
from stream.simulate import simulate

PARTITIONS = 4
DAYS = 60
EVENTS_PER_CONTACT = 20


class Fixed:
    """A classifier that has an answer at once."""

    name = "fixed"
    version = "1"

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        """A label by the length of the text."""
        return [Reading(label=LABELS[len(text) % 3], confidence=0.9) for text in texts]

    def close(self) -> None:
        """Nothing to give back."""


class LogRecord(NamedTuple):
    """A record of `health.signals`."""

    partition: int
    key: bytes | None
    value: bytes


def live_log(events: int, start: datetime) -> Iterator[LogRecord]:
    """The log that `events` events become when they come live, without ticks."""
    for at, entry in entries(_events(events, start), Fixed()):
        if entry.topic == HEALTH_SIGNALS and entry.key is not None:
            signal = Signal(at=at, accepted_at=at, fact=entry.value)  # type: ignore[arg-type]
            yield LogRecord(partition_for(entry.key, PARTITIONS), entry.key, encode(signal))


def model_published(model: bytes, at: datetime) -> Iterator[LogRecord]:
    """A model, as intake writes it to each partition."""
    fact = ModelPublished(event_id="model", occurred_at=at, author="bench", version="all-factors", model=Raw(model))
    value = encode(Signal(at=to_milliseconds(at), fact=fact))
    yield from (LogRecord(partition, None, value) for partition in range(PARTITIONS))


def ticked(events: int, due: datetime) -> Iterator[Logged]:
    """The log of the `DAYS` days before the tick of `due`, with the ticks of each day but not that one."""
    history = with_ticks(_events(events, due - timedelta(days=DAYS)), until=due - timedelta(milliseconds=1))
    for logged in entries(history, Fixed()):
        if logged.entry.topic == HEALTH_SIGNALS:
            yield logged


def _events(events: int, start: datetime) -> Iterator[Event]:
    contacts = max(1, events // EVENTS_PER_CONTACT)
    return simulate(seed=1, contacts=contacts, start=start, days=DAYS, events=events, decisions=False)
