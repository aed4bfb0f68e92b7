"""Rows may wait for what concerns all of them: the sweep over ticks, closes and models, and what is due by the clock.

Whether a row is touched by one of these or by its next signal, the same comes of it (`models.health.fold`).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from models.health.control_row import Documents, DocumentsInMemory, InForce, Minute
from models.health.model import document_digest
from schemas.control import ModelPublished


class Waited(Protocol):
    """An entry that some rows have not seen."""

    @property
    def offset(self) -> int:
        """Where in the log it is."""


SubjectT = TypeVar("SubjectT")
RowT = TypeVar("RowT")
ReactionT = TypeVar("ReactionT")
PendingT = TypeVar("PendingT", bound=Waited)


class Control(Protocol[PendingT]):
    """What a partition remembers of the entries that concern all its rows (`models.health.control_row`)."""

    offset: int
    models: dict[str, list[InForce]]
    pending: list[PendingT]
    sweep_until: int | None
    cursor: bytes
    minutes: list[Minute]
    recomputed_at: int


class WaitingFold(ABC, Generic[SubjectT, RowT, ReactionT, PendingT]):
    """What a fold of contacts and one of a roll-up have in common. `changed`: its control row must be written."""

    control: Control[PendingT]

    def __init__(self, control: Control[PendingT], documents: Documents | None, *, changed: bool) -> None:
        self.control = control
        self._documents: Documents = documents if documents is not None else DocumentsInMemory()
        self.changed = changed

    @abstractmethod
    def _catch_up(self, subject: SubjectT, row: RowT, before: int) -> Iterator[ReactionT]:
        """Apply to a row all that concerns every row and that it has not seen, up to an offset of the log."""

    @abstractmethod
    def _awaits_a_day(self) -> bool:
        """Whether the tick of a day has come that is not yet applied to every row."""

    def _keep_model(self, offset: int, fact: ModelPublished) -> None:
        document = bytes(fact.model)
        digest = document_digest(document)
        self._documents.put(fact.tenant, digest, document)
        self.control.models.setdefault(fact.tenant, []).append(InForce(offset, digest))

    def _waited_from(self) -> int:
        """The offset of the first entry that some rows have not seen; if there is none, that of the next to come."""
        control = self.control
        return control.pending[0].offset if control.pending else control.offset + 1

    def _models_from(self) -> int:
        """The offset from which on the models in force are still needed."""
        return self._waited_from()

    # -- what falls due ------------------------------------------------------------------------------------------------

    @property
    def due_until(self) -> int | None:
        """Rows that are due by now may wait for it (UTC milliseconds); None if none can."""
        minutes = self.control.minutes
        return minutes[-1].now if minutes else None

    def due_row(self, subject: SubjectT, row: RowT) -> list[ReactionT]:
        """Apply to a row what it is due by the clock, after all that the log has before; the row must be written."""
        minutes = self.control.minutes
        return list(self._catch_up(subject, row, minutes[-1].offset + 1)) if minutes else []

    def due_done(self, next_due: int | None) -> None:
        """No row is due before `next_due`: forget the clock entries before, but for those that a row can still become
        due by when it catches up with an earlier tick, close or model.
        """
        control = self.control
        if control.minutes:
            first = self._waited_from()
            kept = [
                one for one in control.minutes if one.offset > first or (next_due is not None and one.now >= next_due)
            ]
            self.changed |= len(kept) != len(control.minutes)
            control.minutes = kept

    # -- the sweep -----------------------------------------------------------------------------------------------------

    def sweep_due(self) -> bool:
        """Whether rows may wait for entries that concern all of them; begins a sweep if none is under way."""
        control = self.control
        if control.sweep_until is None and control.pending:
            control.sweep_until, control.cursor = control.pending[-1].offset, b""
        return control.sweep_until is not None

    def sweep_row(self, subject: SubjectT, row: RowT) -> list[ReactionT]:
        """Apply to a row what the sweep under way applies; what it changed in the row must be written."""
        until = self.control.sweep_until
        return [] if until is None else list(self._catch_up(subject, row, until + 1))

    @property
    def recomputed_at(self) -> int | None:
        """The time of the latest tick that was applied to every row (UTC milliseconds); 0 while that is yet to be done
        for the first time, None before the first tick.
        """
        return self.control.recomputed_at or (0 if self._awaits_a_day() else None)

    def _swept(self) -> list[PendingT]:
        """Forget what the sweep has applied to every row, and the models by which no row is scored any more. Returns
        what it applied.
        """
        control = self.control
        until = control.sweep_until
        if until is None:
            return []
        applied = [pending for pending in control.pending if pending.offset <= until]
        control.pending = [pending for pending in control.pending if pending.offset > until]
        control.sweep_until, control.cursor = None, b""
        oldest = self._models_from()
        for tenant, published in control.models.items():
            superseded = sum(later.offset < oldest for later in published[1:])
            if superseded:
                kept = control.models[tenant] = published[superseded:]
                for digest in sorted({one.digest for one in published[:superseded]} - {one.digest for one in kept}):
                    self._documents.drop(tenant, digest)
        return applied
