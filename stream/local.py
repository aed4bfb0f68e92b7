"""The worker's fold without a broker: the same rows and outputs, all in this process, in one partition."""

from collections.abc import Iterator

from models.health.assess import TREND_MS, assess, look_ahead
from models.health.causes import RECOMPUTE
from models.health.fold import PartitionFold, Subject
from models.health.merge import Forward
from models.health.reaction import Reaction
from models.health.records import score_change, score_updated
from models.health.state import ContactState
from schemas.base import Mode
from schemas.catalogue import HEALTH_SIGNALS
from schemas.control import ModelPublished
from schemas.keys import contact_key, split_key
from schemas.scores import ScoreUpdated
from schemas.signals import Clock, Signal
from stream.local_rollups import LocalRollups
from stream.routing import Entry

DAY_MS = 86_400_000
WINDOWS_MS = 100 * DAY_MS
"""Longer than any window or time of a rule may be."""


class LocalFold:
    """Rows by key, folded from entries. Offsets are counted as a broker would."""

    def __init__(self, rollups: LocalRollups | None = None) -> None:
        """`rollups` hear of all that happens, if accounts and portfolios are wanted too."""
        self._rollups = rollups
        self.rows: dict[bytes, ContactState] = {}
        self.fold = PartitionFold()
        self.offset = -1
        self._awake: dict[bytes, int] = {}
        self._due: dict[bytes, int] = {}

    def log(self, entry: Entry, at: int, mode: Mode = "import") -> list[tuple[bytes, Reaction]]:
        """Append an entry at a log time and fold it; a tick or a model is swept at once.

        Returns what comes of it, by key.
        """
        told = self._log(entry, at, mode)
        if self._rollups is not None:
            self._rollups.take(entry, at, mode, told)
        return told

    def _log(self, entry: Entry, at: int, mode: Mode) -> list[tuple[bytes, Reaction]]:
        if entry.topic != HEALTH_SIGNALS:
            return []
        self.offset += 1
        signal = Signal(at=at, mode=mode, fact=entry.value)  # type: ignore[arg-type]
        if entry.key is None:
            self.fold.enter(self.offset, signal)
            if isinstance(entry.value, Clock):
                return list(self._fall_due())
            if isinstance(entry.value, ModelPublished):
                self._awake = dict.fromkeys(self.rows, at)
            return list(self._sweep(at))
        subject = Subject(*split_key(entry.key))
        row, reactions = self.fold.signal(self.offset, subject, self.rows.get(entry.key), signal)
        if row is not None:
            self.rows[entry.key] = row
            self._awake[entry.key] = at
            self._note_due(entry.key)
        told = [(entry.key, reaction) for reaction in reactions]
        for reaction in reactions:
            if reaction.gone is not None and reaction.gone.forward is not None:
                told += self._forward(subject.tenant, reaction.gone.forward)
        return told

    def _forward(self, tenant: str, forward: Forward) -> list[tuple[bytes, Reaction]]:
        signal = forward.signal
        entry = Entry(HEALTH_SIGNALS, contact_key(tenant, forward.contact), signal.fact)
        return self._log(entry, signal.at, signal.mode)

    def scores(self, at: int) -> Iterator[ScoreUpdated]:
        """Every contact that has a score at a moment (UTC ms), as a recompute at that moment would publish it."""
        for key in sorted(self.rows):
            row = self.rows[key]
            subject = Subject(*split_key(key))
            model = self.fold.model(subject.tenant, self.offset, row)
            current = assess(row, model, at)
            if current is not None:
                change = score_change(row.published, current.components, current)
                ahead = look_ahead(row, model, at)
                yield score_updated(*subject, row, model, current, change, RECOMPUTE, "import", ahead)

    def _sweep(self, at: int) -> Iterator[tuple[bytes, Reaction]]:
        if not self.fold.sweep_due():
            return
        for key in sorted(self._awake.keys() | self._due_by(self.fold.control.now)):
            self._awake.setdefault(key, at)
            for reaction in self.fold.sweep_row(Subject(*split_key(key)), self.rows[key]):
                self._awake[key] = at
                yield key, reaction
            self._note_due(key)
            if at - self._awake[key] > TREND_MS + DAY_MS and self._rests(key, at):
                del self._awake[key]
        self.fold.sweep_done()

    def _fall_due(self) -> Iterator[tuple[bytes, Reaction]]:
        until = self.fold.due_until
        for key in sorted(self._due_by(until)) if until is not None else ():
            for reaction in self.fold.due_row(Subject(*split_key(key)), self.rows[key]):
                yield key, reaction
            self._note_due(key)
        self.fold.due_done(min(self._due.values(), default=None))

    def _due_by(self, time: int) -> set[bytes]:
        return {key for key, due_at in self._due.items() if due_at <= time}

    def _note_due(self, key: bytes) -> None:
        due_at = self.rows[key].due_at
        if due_at is not None:
            self._due[key] = due_at
        else:
            self._due.pop(key, None)

    def _rests(self, key: bytes, at: int) -> bool:
        """Whether time alone changes nothing of a row any more: years of ticks need not look at it again.

        Nothing has changed for longer than the trend looks back, no component decays further, and what it gives to its
        account stays. What falls due is found by its time.
        """
        row = self.rows[key]
        model = self.fold.model(split_key(key)[0], self.offset, row)
        if any(alert.active or alert.since is not None for alert in row.alerts) and at - self._awake[key] < WINDOWS_MS:
            return False  # time alone may end it, at a tick
        gives_on = row.given is None or row.given.until_day is None
        return gives_on and look_ahead(row, model, at).change is None
