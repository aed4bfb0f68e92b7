"""Where a replay reads from: `health.signals`, or a file of events that becomes such a log on the way."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, Protocol

from schemas.base import Event
from schemas.catalogue import HEALTH_SIGNALS
from schemas.decoding import encode
from schemas.signals import Signal
from stream.classifier import open_classifier
from stream.dataplane import Record
from stream.event_files import read_events
from stream.history import Logged, entries
from stream.imports import with_ticks
from stream.reading import TopicReader
from stream.settings import Settings

OFFSET_STEP = 1000


class Log(Protocol):
    """A log of signals. It goes to other processes, so it holds no connection.

    `hands_on`: what a merged contact hands on to the other one is in it already; if not, the fold has to do that.
    """

    @property
    def hands_on(self) -> bool:
        """Whether it has been handed on."""

    def partitions(self) -> int:
        """How many partitions it has."""

    def size(self) -> int:
        """About how many records it holds; 0 if that is not known before they are read."""

    def read(self, partition: int) -> Iterator[Record]:
        """The records of a partition, from the first to the present end."""


class BrokerLog(NamedTuple):
    """`health.signals`, read committed. A worker has handed on what merged contacts had."""

    settings: Settings
    hands_on: bool = True

    def partitions(self) -> int:
        """How many partitions it has."""
        with closing(TopicReader(self.settings, [HEALTH_SIGNALS])) as reader:
            return reader.partitions

    def size(self) -> int:
        """Records and markers."""
        with closing(TopicReader(self.settings, [HEALTH_SIGNALS])) as reader:
            return reader.count()

    def read(self, partition: int) -> Iterator[Record]:
        """The records of a partition, from the first to the present end."""
        with closing(TopicReader(self.settings, [HEALTH_SIGNALS])) as reader:
            for message in reader.all(partition):
                yield Record(message.offset() or 0, message.key(), message.value(), None, 0)


class EventsLog(NamedTuple):
    """A file of events as a history: each logged at the time it occurred, with the daily ticks; one partition.

    With `alerts` they are raised, as live would have raised them. Between any two offsets there is room for what merged
    contacts hand on.
    """

    file: Path
    settings: Settings
    alerts: bool = False
    hands_on: bool = False

    def partitions(self) -> int:
        """One."""
        return 1

    def size(self) -> int:
        """Not known before it is read."""
        return 0

    def read(self, partition: int) -> Iterator[Record]:
        """The entries of the log, as an import with `--history` would write them."""
        events = sorted(read_events(self.file), key=lambda event: event.occurred_at)
        offset = 0
        for at, entry in history(events, self.settings):
            if entry.topic == HEALTH_SIGNALS:
                signal = Signal(at=at, mode="import", alerts=self.alerts, fact=entry.value)  # type: ignore[arg-type]
                yield Record(offset, entry.key, encode(signal), None, at)
                offset += OFFSET_STEP


def history(events: Iterable[Event], settings: Settings) -> Iterator[Logged]:
    """The entries of all logs that events become, each at the time it occurred, with the daily ticks."""
    with closing(open_classifier(settings)) as classifier:
        yield from entries(with_ticks(events, settings.recompute_at), classifier)
