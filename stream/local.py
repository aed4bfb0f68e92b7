"""The worker's fold without a broker: the same rows and outputs, all in this process, in one partition."""

from collections.abc import Iterator

from models.health.react import Reaction
from models.health.state import ContactState

from models.health.fold import PartitionFold, Subject
from schemas.base import Mode
from schemas.catalogue import HEALTH_SIGNALS
from schemas.keys import split_key
from schemas.signals import Signal
from stream.routing import Entry


class LocalFold:
    """Rows by key, folded from entries. Offsets are counted as a broker would."""

    def __init__(self) -> None:
        self.rows: dict[bytes, ContactState] = {}
        self.fold = PartitionFold()
        self.offset = -1

    def log(self, entry: Entry, at: int, mode: Mode = "import") -> list[tuple[bytes, Reaction]]:
        """Append an entry at a log time and fold it; a tick or a model is swept at once.

        Returns what comes of it, by key.
        """
        if entry.topic != HEALTH_SIGNALS:
            return []
        self.offset += 1
        signal = Signal(at=at, mode=mode, fact=entry.value)  # type: ignore[arg-type]
        if entry.key is None:
            self.fold.enter(self.offset, signal)
            return list(self._sweep())
        row, reactions = self.fold.signal(self.offset, Subject(*split_key(entry.key)), self.rows.get(entry.key), signal)
        if row is not None:
            self.rows[entry.key] = row
        return [(entry.key, reaction) for reaction in reactions]

    def _sweep(self) -> Iterator[tuple[bytes, Reaction]]:
        if self.fold.sweep_due():
            for key in sorted(self.rows):
                for reaction in self.fold.sweep_row(Subject(*split_key(key)), self.rows[key]):
                    yield key, reaction
            self.fold.sweep_done()
