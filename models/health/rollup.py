"""The fold of a partition of a roll-up's log: accounts of their contacts, portfolios of their accounts.

Members come from all partitions of another log, each of which says when it is done with a day's tick
(`schemas.signals.TickDone`). When all have said so, the day is closed: that concerns every row, like a published
model, and is applied to a row before its first later signal or by the sweep, whichever comes first.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

import msgspec

from models.health.control_row import NO_OFFSET, Documents, InForce, Minute
from models.health.waiting import WaitingFold
from schemas.base import Mode
from schemas.control import ModelPublished
from schemas.signals import AccountSignal, Clock, MembersForgotten, PortfolioSignal, Tick, TickDone

CONTROL_VERSION = 1


class Pending(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An entry that some rows have not seen: the close of `day` (a proleptic ordinal), a model of `tenant`, or else
    that all members are forgotten.

    `now` is the time of the tick of that day, and `tick` its offset: a day is closed with the model in force then.
    """

    offset: int
    now: int
    mode: Mode
    day: int | None = None
    tenant: str | None = None
    tick: int = NO_OFFSET


class OpenDay(msgspec.Struct, array_like=True, gc=False):
    """A day whose tick was at `now` and at `offset`; `done` are the partitions that are done with it."""

    day: int
    offset: int
    now: int
    mode: Mode
    done: list[int] = msgspec.field(default_factory=list)


class RollupControl(msgspec.Struct, array_like=True):
    """What a partition remembers of the entries that concern all its rows. `last_day` is the latest that was closed.
    `minutes` are the clock entries by which a row may be due still. `recomputed_at` is the time of the tick of the
    latest day whose close was applied to every row; 0: none was.
    """

    version: int = CONTROL_VERSION
    offset: int = NO_OFFSET
    now: int = 0
    last_day: int = 0
    open: list[OpenDay] = msgspec.field(default_factory=list)
    models: dict[str, list[InForce]] = msgspec.field(default_factory=dict)
    pending: list[Pending] = msgspec.field(default_factory=list)
    sweep_until: int | None = None
    cursor: bytes = b""
    minutes: list[Minute] = msgspec.field(default_factory=list)
    recomputed_at: int = 0


class Row(Protocol):
    """What a row of a roll-up has."""

    offset: int
    now: int


class RollupReaction(Protocol):
    """What the fold has to know of a reaction."""

    changed: bool


RowT = TypeVar("RowT", bound=Row)
ReactionT = TypeVar("ReactionT", bound=RollupReaction)
SignalT = TypeVar("SignalT", bound=AccountSignal | PortfolioSignal)


class RollupFold(WaitingFold[tuple[str, str], RowT, ReactionT, Pending], Generic[RowT, SignalT, ReactionT]):
    """Folds the log of one partition over rows that the caller keeps. A subject is a tenant and an id."""

    control: RollupControl

    def __init__(self, control: RollupControl | None = None, documents: Documents | None = None) -> None:
        super().__init__(RollupControl() if control is None else control, documents, changed=control is None)

    @abstractmethod
    def _fold(self, offset: int, subject: tuple[str, str], row: RowT | None, signal: SignalT) -> tuple[RowT, ReactionT]:
        """Apply a signal to its row."""

    @abstractmethod
    def _close(self, subject: tuple[str, str], row: RowT, pending: Pending, day: int) -> ReactionT | None:
        """Close a day; None: nothing comes of it."""

    @abstractmethod
    def _remodel(self, subject: tuple[str, str], row: RowT, pending: Pending) -> ReactionT | None:
        """Another model of the row's tenant came into force; None: nothing comes of it."""

    @abstractmethod
    def _forget(self, subject: tuple[str, str], row: RowT, pending: Pending) -> ReactionT:
        """All that members gave counts no more."""

    # -- entries that concern every row --------------------------------------------------------------------------------

    def enter(self, offset: int, signal: SignalT) -> bool:
        """Take in an entry that concerns every row; False if it was seen before."""
        control = self.control
        fact = signal.fact
        if offset <= control.offset:
            return False
        self.changed = True
        control.offset = offset
        if isinstance(fact, Clock):
            control.now = max(control.now, signal.at)
        elif isinstance(fact, Tick):
            self._open(offset, fact.day.toordinal(), signal)
        elif isinstance(fact, TickDone):
            self._done(offset, fact, signal)
        elif isinstance(fact, ModelPublished):
            self._keep_model(offset, fact)
            control.pending.append(Pending(offset, control.now, signal.mode, tenant=fact.tenant))
        elif isinstance(fact, MembersForgotten):
            control.pending.append(Pending(offset, control.now, signal.mode))
        return True

    def _open(self, offset: int, day: int, signal: SignalT) -> OpenDay | None:
        control = self.control
        if day <= control.last_day:
            return None
        found = next((one for one in control.open if one.day == day), None)
        if found is None:
            found = OpenDay(day, offset, signal.at, signal.mode)
            control.open = sorted([*control.open, found], key=lambda one: one.day)
        return found

    def _done(self, offset: int, fact: TickDone, signal: SignalT) -> None:
        control = self.control
        found = self._open(offset, fact.day.toordinal(), signal)
        if found is None:
            return
        found.done = sorted({*found.done, fact.partition})
        if len(found.done) < fact.partitions:
            return
        control.now = max(control.now, found.now)
        control.last_day = found.day
        control.open = [one for one in control.open if one.day > found.day]
        control.pending.append(Pending(offset, found.now, found.mode, day=found.day, tick=found.offset))

    @property
    def open_days(self) -> list[int]:
        """The days whose tick has come and whose close has not."""
        return [one.day for one in self.control.open]

    # -- rows ----------------------------------------------------------------------------------------------------------

    def signal(
        self, offset: int, subject: tuple[str, str], row: RowT | None, signal: SignalT
    ) -> tuple[RowT | None, list[ReactionT]]:
        """Apply one row's signal, after the entries before it that concern every row.

        A signal at or below the row's watermark was applied before and changes nothing: no row is returned.
        """
        if row is not None and offset <= row.offset:
            return None, []
        reactions: list[ReactionT] = []
        if row is not None:
            reactions += self._catch_up(subject, row, offset)
            reactions += self._fall_due(subject, row, max(signal.at, self.control.now, row.now), offset, signal.mode)
        row, reaction = self._fold(offset, subject, row, signal)
        row.offset = offset
        return row, [*reactions, reaction]

    def _catch_up(self, subject: tuple[str, str], row: RowT, before: int) -> Iterator[ReactionT]:
        for pending in self.control.pending:
            if row.offset < pending.offset < before:
                yield from self._by_the_clock(subject, row, pending.offset)
                yield from self._fall_due(subject, row, max(row.now, pending.now), pending.offset, pending.mode)
                reaction = self._apply(subject, row, pending)
                if reaction is not None and reaction.changed:
                    row.offset = pending.offset
                    yield reaction
        yield from self._by_the_clock(subject, row, before)

    def _by_the_clock(self, subject: tuple[str, str], row: RowT, before: int) -> Iterable[ReactionT]:
        """What falls due by the clock entries before an offset; nothing does in most roll-ups."""
        return ()

    def _fall_due(self, subject: tuple[str, str], row: RowT, now: int, offset: int, mode: Mode) -> Iterable[ReactionT]:
        """What falls due up to `now`, before the entry at `offset`; nothing does in most roll-ups."""
        return ()

    def _apply(self, subject: tuple[str, str], row: RowT, pending: Pending) -> ReactionT | None:
        if pending.day is not None:
            return self._close(subject, row, pending, pending.day)
        if pending.tenant is None:
            return self._forget(subject, row, pending)
        return self._remodel(subject, row, pending) if pending.tenant == subject[0] else None

    # -- the sweep -----------------------------------------------------------------------------------------------------

    def _models_from(self) -> int:
        # A day is closed with the model that was in force at its tick.
        control = self.control
        ticks = [*(one.offset for one in control.open), *(pending.tick for pending in control.pending if pending.day)]
        return min([*ticks, super()._models_from()])

    def sweep_done(self) -> list[Pending]:
        """The sweep has seen every row: forget what it applied. Returns the closes of days among it."""
        closed = [pending for pending in self._swept() if pending.day is not None]
        if closed:
            self.control.recomputed_at = closed[-1].now
        return closed

    def _awaits_a_day(self) -> bool:
        control = self.control
        return bool(control.open) or any(pending.day is not None for pending in control.pending)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(RollupControl).decode


def encode_rollup_control(control: RollupControl) -> bytes:
    """The stored form of a control row."""
    return _encode(control)


def decode_rollup_control(data: bytes) -> RollupControl:
    """The control row of its stored form."""
    return _decode(data)
