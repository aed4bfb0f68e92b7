"""The fold of one partition of `health.signals`: rows, and the records that concern every row.

A tick or a published model concerns every contact of its partition. It enters the log at one offset, is remembered in
the partition's `ControlRow`, and is applied to a row before the first later signal of that row or by the background
sweep, whichever comes first. Because a row knows the offset of the last entry applied to it, and time is taken from the
log alone, the result does not depend on which of the two it was. A row that a tick does not change is not written at
all.
"""

from bisect import bisect_left
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

import msgspec

from models.health.accounts.contribution import NOBODY, Before, contribute, stands
from models.health.control_row import ControlRow, Documents, Minute, Pending
from models.health.daily import audit, tick
from models.health.due import due
from models.health.facts.messages import DAY_MS
from models.health.facts.sections import NOTHING
from models.health.model import DEFAULT_MODEL, HealthModel, parse_model
from models.health.react import react, remodel
from models.health.reaction import Reaction
from models.health.state import ContactState, Given
from models.health.waiting import WaitingFold
from schemas.base import Band, Mode, to_milliseconds
from schemas.control import ModelPublished
from schemas.signals import AccountSignal, Clock, ContactAbsorbed, Signal, Tick


class Subject(NamedTuple):
    """Whose row it is."""

    tenant: str
    contact: str


class Audit(msgspec.Struct):
    """Rows whose stored points were recomputed from their facts, and how many of them differed (expected: none)."""

    rows: int = 0
    drifted: int = 0


class PartitionFold(WaitingFold[Subject, ContactState, Reaction, Pending]):
    """Folds the log of one partition over rows that the caller keeps."""

    control: ControlRow

    def __init__(self, control: ControlRow | None = None, documents: Documents | None = None) -> None:
        super().__init__(ControlRow() if control is None else control, documents, changed=control is None)
        self.audit = Audit()

    # -- partition-wide entries ----------------------------------------------------------------------------------------

    def enter(self, offset: int, signal: Signal) -> bool:
        """Take in a partition-wide entry; False if it was seen before or says nothing new."""
        control = self.control
        if offset <= control.offset:
            return False
        self.changed = True
        control.offset = offset
        control.now = max(control.now, signal.at)
        fact = signal.fact
        if isinstance(fact, Tick):
            day = fact.day.toordinal()
            if day > control.last_day:
                control.pending.append(
                    Pending(offset, control.now, signal.mode, day=day, after=control.last_day, alerts=signal.alerts)
                )
                control.last_day = day
        elif isinstance(fact, Clock):
            control.minutes.append(Minute(offset, control.now, control.last_day))
        elif isinstance(fact, ModelPublished):
            self._keep_model(offset, fact)
            pending = Pending(offset, control.now, signal.mode, tenant=fact.tenant, after=control.last_day)
            control.pending.append(pending)
        return True

    def model(self, tenant: str, offset: int, row: ContactState | None = None) -> HealthModel:
        """The model of a tenant that is in force at an offset of the log; with a row, what it is for that contact."""
        for published in reversed(self.control.models.get(tenant, ())):
            if published.offset <= offset:
                model = _models.get(published.digest)
                if model is None:
                    model = _parsed(published.digest, self._documents.get(tenant, published.digest))
                return model if row is None or not model.segments else model.of(row.profile)
        return DEFAULT_MODEL

    def document(self, tenant: str) -> bytes | None:
        """The document of a tenant's model that is in force now; None where that is the default model."""
        published = self.control.models.get(tenant)
        return self._documents.get(tenant, published[-1].digest) if published else None

    # -- one contact ---------------------------------------------------------------------------------------------------

    def signal(
        self, offset: int, subject: Subject, row: ContactState | None, signal: Signal
    ) -> tuple[ContactState | None, list[Reaction]]:
        """Apply one contact's signal, after the partition-wide entries before it.

        A signal at or below the row's watermark was applied before and changes nothing: no row is returned.
        """
        if row is not None and offset <= row.offset:
            return None, []
        control = self.control
        now = max(signal.at, control.now, row.now if row is not None else 0)
        reactions: list[Reaction] = []
        if row is not None and (control.pending or row.due_at is not None):
            reactions += self._catch_up(subject, row, offset)
            reactions += self._fall_due(subject, row, now, offset, signal.mode, control.last_day)
        old, published = (NOBODY, None) if row is None else (Before(row.profile, row.given), row.published)
        row, reaction = react(row, subject, signal, now, self.model(subject.tenant, offset))
        row.offset = offset
        if not stands(row, published, reaction.sections, now):
            absorbed = signal.fact.absorbed if isinstance(signal.fact, ContactAbsorbed) else None
            told = contribute(*subject, row, old, reaction.sections, now, control.last_day, absorbed)
            if told:
                late = signal.at - to_milliseconds(signal.fact.occurred_at) > DAY_MS  # type: ignore[union-attr]
                reaction.members = [
                    AccountSignal(at=now, mode=signal.mode, alerts=signal.alerts, fact=one, late=late) for one in told
                ]
        reactions.append(self._counted(reaction))
        return row, reactions

    def _catch_up(self, subject: Subject, row: ContactState, before: int) -> Iterator[Reaction]:
        for pending in self.control.pending:
            if row.offset < pending.offset < before:
                yield from self._by_the_clock(subject, row, pending.offset)
                now = max(row.now, pending.now)
                yield from self._fall_due(subject, row, now, pending.offset, pending.mode, pending.after)
                reaction = self._apply(subject, row, pending)
                if reaction is not None and reaction.changed:
                    row.offset = pending.offset
                    yield self._counted(reaction)
        yield from self._by_the_clock(subject, row, before)

    def _by_the_clock(self, subject: Subject, row: ContactState, before: int) -> Iterator[Reaction]:
        """What falls due by the clock entries before an offset. Each is the watermark of what is due by it, so that it
        is the same whenever the row is touched.
        """
        minutes = self.control.minutes
        while row.due_at is not None:
            place = bisect_left(minutes, row.due_at, key=_now_of)
            if place == len(minutes) or minutes[place].offset >= before:
                return
            minute = minutes[place]
            yield from self._fall_due(subject, row, minute.now, minute.offset, "live", minute.after)

    def _fall_due(
        self, subject: Subject, row: ContactState, now: int, offset: int, mode: Mode, after: int
    ) -> Iterator[Reaction]:
        """What falls due up to `now`, each at its own time and by the model in force before the entry at `offset`;
        `after` is the day of the latest tick before that.
        """
        while row.due_at is not None and row.due_at <= now:
            given = row.given
            reaction = due(row, subject, self.model(subject.tenant, offset - 1, row), mode)
            row.offset = offset
            if given is not None:
                self._contribute(reaction, subject, row, given, mode, after)
            yield self._counted(reaction)

    def _apply(self, subject: Subject, row: ContactState, pending: Pending) -> Reaction | None:
        if pending.day is None and pending.tenant != subject.tenant:
            return None
        now = max(row.now, pending.now)
        given = row.given
        reaction = self._aged(subject, row, pending, now)
        if given is not None:
            remodelled = pending.day is None
            self._contribute(reaction, subject, row, given, pending.mode, pending.after, now, remodelled=remodelled)
            if row.given is not given:
                reaction.changed, row.now = True, now
        return reaction

    @staticmethod
    def _contribute(
        reaction: Reaction,
        subject: Subject,
        row: ContactState,
        given: Given,
        mode: Mode,
        after: int,
        now: int | None = None,
        *,
        remodelled: bool = False,
    ) -> None:
        at = row.now if now is None else now
        told = contribute(*subject, row, Before(row.profile, given), NOTHING, at, after)
        reaction.members = [AccountSignal(at=at, mode=mode, fact=one, remodelled=remodelled) for one in told]

    def _aged(self, subject: Subject, row: ContactState, pending: Pending, now: int) -> Reaction:
        model = self.model(subject.tenant, pending.offset, row)
        if pending.day is None:
            return remodel(row, subject, model, now, pending.mode)
        self.audit.rows += 1
        if not audit(row, model):
            self.audit.drifted += 1
        return tick(
            row, subject, pending.day, now, model, pending.mode, pending.mode == "import" and not pending.alerts
        )

    def _counted(self, reaction: Reaction) -> Reaction:
        """Keep the number of contacts in each band."""
        if reaction.band is not None:
            self._count(reaction.band.from_band, -1)
            self._count(reaction.band.to_band, 1)
        elif reaction.tombstone:
            self._count(reaction.tombstone_of, -1)
        return reaction

    def _count(self, band: Band | None, by: int) -> None:
        if band is not None:
            self.changed = True
            self.control.bands[band] = self.control.bands.get(band, 0) + by

    # -- the sweep -----------------------------------------------------------------------------------------------------

    def sweep_done(self) -> list[int]:
        """The sweep has seen every row: forget what it applied. Returns the days (ordinals) of the ticks among it."""
        ticks = [pending for pending in self._swept() if pending.day is not None]
        if ticks:
            self.control.recomputed_at = ticks[-1].now
        return [tick.day for tick in ticks if tick.day is not None]

    def _awaits_a_day(self) -> bool:
        return any(pending.day is not None for pending in self.control.pending)


_now_of = attrgetter("now")
_models: dict[bytes, HealthModel] = {}


def _parsed(digest: bytes, document: bytes) -> HealthModel:
    if len(_models) > 1024:
        _models.clear()
    model = _models[digest] = parse_model(document)
    return model
