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
from typing import NamedTuple, Protocol

import msgspec

from models.health.accounts.contribution import NOBODY, Before, contribute, stands
from models.health.daily import audit, tick
from models.health.due import due
from models.health.facts.sections import NOTHING
from models.health.model import DEFAULT_MODEL, HealthModel, document_digest, parse_model
from models.health.react import react, remodel
from models.health.reaction import Reaction
from models.health.state import ContactState, Given
from schemas.base import Band, Mode
from schemas.control import ModelPublished
from schemas.signals import AccountSignal, Clock, Signal, Tick

CONTROL_VERSION = 1
NO_OFFSET = -1


class Pending(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A partition-wide entry that some rows have not seen: `day` (a proleptic ordinal) for a tick, else a tenant's
    model.

    `now` is the partition's clock when the entry was read: rows that see it late are aged to that time, not to a later
    one. `after` is the day of the latest tick before it.
    """

    offset: int
    now: int
    mode: Mode
    day: int | None = None
    tenant: str | None = None
    after: int = 0
    alerts: bool = False


class Minute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A clock entry that some row may be due by, the partition's clock when it was read, and the day of the latest tick
    before it.
    """

    offset: int
    now: int
    after: int


class InForce(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A model, by the digest of its document, and the offset from which it is in force."""

    offset: int
    digest: bytes


class Documents(Protocol):
    """Where a partition keeps the documents of the models that some of its rows are still scored by.

    They lie beside the control row, not in it: that one is written each minute and has to stay small.
    """

    def get(self, tenant: str, digest: bytes) -> bytes:
        """A document that was put."""

    def put(self, tenant: str, digest: bytes, document: bytes) -> None:
        """Keep a document."""

    def drop(self, tenant: str, digest: bytes) -> None:
        """Forget a document that no row is scored by any more."""


class DocumentsInMemory:
    """For a fold that keeps nothing."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, bytes], bytes] = {}

    def get(self, tenant: str, digest: bytes) -> bytes:
        """A document that was put."""
        return self._documents[tenant, digest]

    def put(self, tenant: str, digest: bytes, document: bytes) -> None:
        """Keep a document."""
        self._documents[tenant, digest] = document

    def drop(self, tenant: str, digest: bytes) -> None:
        """Forget a document."""
        del self._documents[tenant, digest]


class ControlRow(msgspec.Struct, array_like=True):
    """What a partition remembers of its partition-wide entries. It lives in the table and its changelog beside the
    rows.

    `sweep_until` is the offset of the last entry that the sweep under way applies, `cursor` the last key it has seen.
    `bands` counts the partition's scored contacts. `minutes` are the clock entries by which a row may be due still.
    """

    version: int = CONTROL_VERSION
    offset: int = NO_OFFSET
    now: int = 0
    last_day: int = 0
    models: dict[str, list[InForce]] = msgspec.field(default_factory=dict)
    pending: list[Pending] = msgspec.field(default_factory=list)
    sweep_until: int | None = None
    cursor: bytes = b""
    bands: dict[str, int] = msgspec.field(default_factory=dict)
    minutes: list[Minute] = msgspec.field(default_factory=list)


class Subject(NamedTuple):
    """Whose row it is."""

    tenant: str
    contact: str


class Audit(msgspec.Struct):
    """Rows whose stored points were recomputed from their facts, and how many of them differed (expected: none)."""

    rows: int = 0
    drifted: int = 0


class PartitionFold:
    """Folds the log of one partition over rows that the caller keeps."""

    def __init__(self, control: ControlRow | None = None, documents: Documents | None = None) -> None:
        self.control = control if control is not None else ControlRow()
        self._documents: Documents = documents if documents is not None else DocumentsInMemory()
        self.audit = Audit()
        self.changed = control is None

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
            document = bytes(fact.model)
            digest = document_digest(document)
            self._documents.put(fact.tenant, digest, document)
            control.models.setdefault(fact.tenant, []).append(InForce(offset, digest))
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
            told = contribute(*subject, row, old, reaction.sections, now, control.last_day)
            reaction.members = [AccountSignal(at=now, mode=signal.mode, alerts=signal.alerts, fact=one) for one in told]
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

    # -- what falls due ------------------------------------------------------------------------------------------------

    @property
    def due_until(self) -> int | None:
        """Rows that are due by now may wait for it (UTC milliseconds); None if none can."""
        minutes = self.control.minutes
        return minutes[-1].now if minutes else None

    def due_row(self, subject: Subject, row: ContactState) -> list[Reaction]:
        """Apply to a row what it is due by the clock, after all that the log has before; the row must be written."""
        minutes = self.control.minutes
        return list(self._catch_up(subject, row, minutes[-1].offset + 1)) if minutes else []

    def due_done(self, next_due: int | None) -> None:
        """No row is due before `next_due`: forget the clock entries before, but for those that a row can still become
        due by when it catches up with an earlier tick or model.
        """
        control = self.control
        if control.minutes:
            first = control.pending[0].offset if control.pending else control.offset + 1
            kept = [
                one for one in control.minutes if one.offset > first or (next_due is not None and one.now >= next_due)
            ]
            self.changed |= len(kept) != len(control.minutes)
            control.minutes = kept

    # -- the sweep -----------------------------------------------------------------------------------------------------

    def sweep_due(self) -> bool:
        """Whether rows may wait for partition-wide entries; begins a sweep if none is under way."""
        control = self.control
        if control.sweep_until is None and control.pending:
            control.sweep_until, control.cursor = control.pending[-1].offset, b""
        return control.sweep_until is not None

    def sweep_row(self, subject: Subject, row: ContactState) -> list[Reaction]:
        """Apply to a row what the sweep under way applies; what it changed in the row must be written."""
        until = self.control.sweep_until
        return [] if until is None else list(self._catch_up(subject, row, until + 1))

    def sweep_done(self) -> list[int]:
        """The sweep has seen every row: forget what it applied. Returns the days (ordinals) of the ticks among it."""
        control = self.control
        until = control.sweep_until
        if until is None:
            return []
        days = [pending.day for pending in control.pending if pending.offset <= until and pending.day is not None]
        control.pending = [pending for pending in control.pending if pending.offset > until]
        control.sweep_until, control.cursor = None, b""
        oldest = control.pending[0].offset if control.pending else control.offset + 1
        for tenant, published in control.models.items():
            superseded = sum(later.offset < oldest for later in published[1:])
            if superseded:
                kept = control.models[tenant] = published[superseded:]
                gone = {one.digest for one in published[:superseded]} - {one.digest for one in kept}
                for digest in sorted(gone):
                    self._documents.drop(tenant, digest)
        return days


_now_of = attrgetter("now")
_models: dict[bytes, HealthModel] = {}


def _parsed(digest: bytes, document: bytes) -> HealthModel:
    if len(_models) > 1024:
        _models.clear()
    model = _models[digest] = parse_model(document)
    return model


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ControlRow).decode


def encode_control(control: ControlRow) -> bytes:
    """The stored form of a control row."""
    return _encode(control)


def decode_control(data: bytes) -> ControlRow:
    """The control row of its stored form."""
    return _decode(data)
