"""Contacts, their accounts and the portfolios of these, each log in partitions that go on in any order."""

from collections import defaultdict, deque
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from models.health.accounts import state as accounts
from models.health.accounts.fold import AccountFold
from models.health.control_row import ControlRow, DocumentsInMemory
from models.health.fold import PartitionFold, Subject
from models.health.portfolios import state as portfolios
from models.health.portfolios.fold import PortfolioFold
from models.health.rollup import RollupControl, decode_rollup_control, encode_rollup_control
from models.health.state import ContactState, decode, encode
from schemas.base import from_milliseconds, to_milliseconds
from schemas.keys import account_key, contact_key, partition_for, split_key, subject_key
from schemas.scores import AccountScoreUpdated, PortfolioScoreUpdated
from schemas.signals import (
    AccountSignal,
    ModelPublished,
    PortfolioSignal,
    Signal,
    Tick,
    TickDone,
)
from tests.unit.models.health.building import ms

PARTITIONS = 2
TENANT = "acme"


class RollupPartition:
    """A partition of a roll-up, whose store sees rows as bytes only."""

    def __init__(self, fold: type[Any], codec: Any) -> None:
        self.kind, self.codec = fold, codec
        self.rows: dict[bytes, bytes] = {}
        self.control = encode_rollup_control(RollupControl())
        self.documents = DocumentsInMemory()
        self.offset = -1

    def read(self, key: bytes | None, entry: Any) -> list[tuple[bytes, Any]]:
        """Fold an entry; what comes of it, by key."""
        fold = self.kind(decode_rollup_control(self.control), self.documents)
        self.offset += 1
        out = []
        if key is None:
            fold.enter(self.offset, entry)
        else:
            stored = self.rows.get(key)
            row, reactions = fold.signal(
                self.offset, split_key(key), None if stored is None else self.codec.decode(stored), entry
            )
            self.rows[key] = self.codec.encode(row)
            out = [(key, reaction) for reaction in reactions]
        self.control = encode_rollup_control(fold.control)
        return out

    def sweep(self, rows: int) -> tuple[list[tuple[bytes, Any]], list[Any]]:
        """Sweep the next rows; what comes of it, and the days that are done."""
        fold = self.kind(decode_rollup_control(self.control), self.documents)
        out, days = [], []
        if fold.sweep_due():
            left = [key for key in sorted(self.rows) if key > fold.control.cursor][:rows]
            for key in left:
                row = self.codec.decode(self.rows[key])
                reactions = fold.sweep_row(split_key(key), row)
                if reactions:
                    self.rows[key] = self.codec.encode(row)
                    out += [(key, reaction) for reaction in reactions]
            if left:
                fold.control.cursor = left[-1]
            else:
                days = fold.sweep_done()
        self.control = encode_rollup_control(fold.control)
        return out, days

    @property
    def is_busy(self) -> bool:
        return bool(decode_rollup_control(self.control).pending)


class World:
    """Everything; what comes of a fold waits in queues, one for each writer and reader, until it is read.

    What intake writes is read at once: a tick is in all logs before anybody is done with it.
    """

    def __init__(self) -> None:
        self.contacts: list[dict[bytes, bytes]] = [{} for _ in range(PARTITIONS)]
        self.controls = [ControlRow() for _ in range(PARTITIONS)]
        self.documents = [DocumentsInMemory() for _ in range(PARTITIONS)]
        self.offsets = [-1] * PARTITIONS
        self.accounts = [RollupPartition(AccountFold, accounts) for _ in range(PARTITIONS)]
        self.portfolios = [RollupPartition(PortfolioFold, portfolios) for _ in range(PARTITIONS)]
        self.queues: dict[tuple[str, Any, int], deque[tuple[bytes | None, Any]]] = defaultdict(deque)
        self.account_scores: dict[bytes, AccountScoreUpdated] = {}
        self.portfolio_scores: dict[bytes, PortfolioScoreUpdated] = {}

    # -- what happens --------------------------------------------------------------------------------------------------

    def fact(self, fact: Any, at: float | None = None) -> None:
        """A fact about a contact is logged, and folded at once."""
        logged = to_milliseconds(fact.occurred_at) if at is None else ms(at)
        key = contact_key(fact.tenant, fact.contact)
        place = partition_for(key, PARTITIONS)
        fold = self._fold(place)
        self.offsets[place] += 1
        stored = self.contacts[place].get(key)
        row, reactions = fold.signal(
            self.offsets[place],
            Subject(fact.tenant, fact.contact),
            None if stored is None else decode(stored),
            Signal(at=logged, fact=fact),
        )
        assert row is not None
        self._keep(place, key, row, reactions)

    def account_fact(self, fact: Any) -> None:
        """A fact about an account is logged, and folded at once."""
        key = account_key(fact.tenant, fact.account)
        entry = AccountSignal(at=to_milliseconds(fact.occurred_at), fact=fact)
        self._read_account(partition_for(key, PARTITIONS), key, entry)

    def tick(self, day: int) -> None:
        """The tick of a day after the first, at 04:00."""
        when = ms(day + 4 / 24)
        self._everywhere(Tick(day=from_milliseconds(when).date()), when)

    def publish(self, days: float, fact: ModelPublished) -> None:
        """A model comes into force."""
        self._everywhere(fact, ms(days))

    def _everywhere(self, fact: Any, when: int) -> None:
        for place in range(PARTITIONS):
            fold = self._fold(place)
            self.offsets[place] += 1
            fold.enter(self.offsets[place], Signal(at=when, fact=fact))
            self.controls[place] = fold.control
            self._read_account(place, None, AccountSignal(at=when, fact=fact))

    # -- what goes on --------------------------------------------------------------------------------------------------

    def sweep(self, place: int, rows: int) -> None:
        """Sweep some rows of a partition of contacts."""
        fold = self._fold(place)
        if not fold.sweep_due():
            return
        left = [key for key in sorted(self.contacts[place]) if key > fold.control.cursor][:rows]
        for key in left:
            row = decode(self.contacts[place][key])
            reactions = fold.sweep_row(Subject(*split_key(key)), row)
            if reactions:
                self._keep(place, key, row, reactions)
        if left:
            fold.control.cursor = left[-1]
            return
        waiting = {pending.day: pending.now for pending in fold.control.pending}
        for day in fold.sweep_done():
            done = TickDone(day=date.fromordinal(day), partition=place, partitions=PARTITIONS)
            for reader in range(PARTITIONS):
                self.queues["accounts", place, reader].append((None, AccountSignal(at=waiting[day], fact=done)))

    def read_accounts(self, writer: int, place: int) -> None:
        """The next record of a partition of contacts comes to a partition of accounts, if there is one."""
        queue = self.queues["accounts", writer, place]
        if queue:
            self._read_account(place, *queue.popleft())

    def _read_account(self, place: int, key: bytes | None, entry: AccountSignal) -> None:
        self._tell_portfolios(place, self.accounts[place].read(key, entry))

    def sweep_accounts(self, place: int, rows: int) -> None:
        """Sweep some rows of a partition of accounts."""
        out, days = self.accounts[place].sweep(rows)
        self._tell_portfolios(place, out)
        for pending in days:
            done = TickDone(day=date.fromordinal(pending.day), partition=place, partitions=PARTITIONS)
            for reader in range(PARTITIONS):
                self.queues["portfolios", place, reader].append((None, PortfolioSignal(at=pending.now, fact=done)))

    def read_portfolios(self, writer: int, place: int) -> None:
        """The same for portfolios."""
        queue = self.queues["portfolios", writer, place]
        if queue:
            self._show(self.portfolios[place].read(*queue.popleft()))

    def sweep_portfolios(self, place: int, rows: int) -> None:
        """The same for portfolios."""
        self._show(self.portfolios[place].sweep(rows)[0])

    def settle(self) -> None:
        """Until nothing waits any more."""
        while True:
            for place in range(PARTITIONS):
                self.sweep(place, 100)
                self.sweep_accounts(place, 100)
                self.sweep_portfolios(place, 100)
                for writer in range(PARTITIONS):
                    self.read_accounts(writer, place)
                    self.read_portfolios(writer, place)
            if not (
                any(self.queues.values())
                or any(control.pending for control in self.controls)
                or any(one.is_busy for one in (*self.accounts, *self.portfolios))
            ):
                return

    # -- what there is -------------------------------------------------------------------------------------------------

    def account(self, name: str) -> AccountScoreUpdated | None:
        return self.account_scores.get(account_key(TENANT, name))

    def portfolio(self, name: str) -> PortfolioScoreUpdated | None:
        return self.portfolio_scores.get(subject_key(TENANT, *name.split("/", 1)))

    def rows(self, of: Callable[["World"], list[RollupPartition]]) -> dict[bytes, Any]:
        return {key: one.codec.decode(row) for one in of(self) for key, row in one.rows.items()}

    # -- inside --------------------------------------------------------------------------------------------------------

    def _fold(self, place: int) -> PartitionFold:
        return PartitionFold(self.controls[place], self.documents[place])

    def _keep(self, place: int, key: bytes, row: ContactState, reactions: list[Any]) -> None:
        self.contacts[place][key] = encode(row)
        for reaction in reactions:
            for entry in reaction.members:
                key = account_key(entry.fact.tenant, entry.fact.account)
                self.queues["accounts", place, partition_for(key, PARTITIONS)].append((key, entry))

    def _tell_portfolios(self, place: int, out: list[tuple[bytes, Any]]) -> None:
        for key, reaction in out:
            if reaction.tombstone:
                self.account_scores.pop(key, None)
            if reaction.score is not None:
                self.account_scores[key] = reaction.score
            for entry in reaction.portfolios:
                told = f"{entry.fact.tenant}/{entry.fact.portfolio}".encode()
                self.queues["portfolios", place, partition_for(told, PARTITIONS)].append((told, entry))

    def _show(self, out: list[tuple[bytes, Any]]) -> None:
        for key, reaction in out:
            if reaction.tombstone:
                self.portfolio_scores.pop(key, None)
            if reaction.score is not None:
                self.portfolio_scores[key] = reaction.score


def day_of(days: int) -> date:
    """The date of a day after the first."""
    return from_milliseconds(ms(0)).date() + timedelta(days=days)
