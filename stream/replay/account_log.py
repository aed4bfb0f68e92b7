"""Where the past of accounts is read from: `health.account-signals`, or a file of events whose contacts give it."""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from models.health.model import parse_model
from schemas.base import Event
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS
from schemas.control import ModelPublished
from schemas.decoding import DecodeFailure
from schemas.signals import AccountSignal, Clock
from stream.event_files import read_events
from stream.local import LocalFold
from stream.local_rollups import account_entries
from stream.reading import TopicReader
from stream.replay.folding import Chosen
from stream.replay.log import history
from stream.rollup import Accounts
from stream.settings import Settings

_NOBODY = "nobody"


class AccountEntry(NamedTuple):
    """An entry of the log of accounts. One without a key concerns every account of the partition."""

    offset: int
    key: bytes | None
    signal: AccountSignal


class AccountLog(Protocol):
    """A log of accounts. It goes to other processes, so it holds no connection."""

    def partitions(self) -> int:
        """How many partitions it has."""

    def size(self) -> int:
        """About how many records it holds; 0 if that is not known before they are read."""

    def read(self, partition: int) -> Iterator[AccountEntry]:
        """What the worker folds of a partition, from the first to the present end; what it puts aside is left out."""


class BrokerAccountLog(NamedTuple):
    """`health.account-signals`, read committed."""

    settings: Settings

    def partitions(self) -> int:
        """How many partitions it has."""
        with closing(TopicReader(self.settings, [HEALTH_ACCOUNT_SIGNALS])) as reader:
            return reader.partitions

    def size(self) -> int:
        """Records and markers."""
        with closing(TopicReader(self.settings, [HEALTH_ACCOUNT_SIGNALS])) as reader:
            return reader.count()

    def read(self, partition: int) -> Iterator[AccountEntry]:
        """What the worker folds of a partition, from the first to the present end."""
        with closing(TopicReader(self.settings, [HEALTH_ACCOUNT_SIGNALS])) as reader:
            for message in reader.all(partition):
                signal, _ = Accounts.read(message.key(), message.value())
                if not isinstance(signal, DecodeFailure):
                    yield AccountEntry(message.offset() or 0, message.key(), signal)


class EventsAccountLog(NamedTuple):
    """What a file of events gives to accounts, its contacts folded as a history; one partition.

    `chosen` is a model that scores its tenant throughout, whatever the file publishes.
    """

    file: Path
    settings: Settings
    chosen: Chosen | None = None

    def partitions(self) -> int:
        """One."""
        return 1

    def size(self) -> int:
        """Not known before it is read."""
        return 0

    def read(self, partition: int) -> Iterator[AccountEntry]:
        """The entries of the log; the last one tells the time of the last event or tick."""
        events = sorted(read_events(self.file), key=lambda event: event.occurred_at)
        contacts, offset, at = LocalFold(), -1, 0
        for at, entry in history(_scored_by(self.chosen, events), self.settings):
            told = contacts.log(entry, at)
            for key, signal in account_entries(entry, at, "import", told):
                yield AccountEntry(offset := offset + 1, key, signal)
        yield AccountEntry(offset + 1, None, AccountSignal(at=at, mode="import", fact=Clock()))


def _scored_by(chosen: Chosen | None, events: list[Event]) -> Iterator[Event]:
    """The events as if a model had been published before the first one, and none of its tenant after that."""
    if chosen is None or not events:
        return iter(events)
    published = ModelPublished(
        event_id=_NOBODY,
        occurred_at=events[0].occurred_at,
        tenant=chosen.tenant,
        version=parse_model(chosen.document).version,
        model=msgspec.Raw(chosen.document),
        author=_NOBODY,
    )
    kept = (one for one in events if not (isinstance(one, ModelPublished) and one.tenant == chosen.tenant))
    return chain([published], kept)
