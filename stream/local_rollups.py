"""The roll-ups without a broker: what `LocalFold` says of contacts, as accounts and portfolios, a partition each."""

from collections.abc import Iterable, Iterator
from typing import Any

from models.health.accounts.fold import AccountFold
from models.health.portfolios.fold import PortfolioFold
from models.health.reaction import Reaction
from schemas.base import Mode
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_SIGNALS
from schemas.keys import account_key, portfolio_key, split_key
from schemas.scores import AccountScoreUpdated, PortfolioScoreUpdated
from schemas.signals import AccountSignal, PortfolioSignal, Tick, TickDone
from stream.routing import Entry


class LocalRollup:
    """The rows of one roll-up, and the last record of each."""

    def __init__(self, fold: AccountFold | PortfolioFold) -> None:
        self.fold: Any = fold
        self.rows: dict[bytes, Any] = {}
        self.scores: dict[bytes, Any] = {}
        self.offset = -1

    def log(self, key: bytes | None, entry: AccountSignal | PortfolioSignal) -> list[Any]:
        """Append an entry and fold it; what concerns all rows is swept at once. Returns the reactions."""
        self.offset += 1
        if key is None:
            self.fold.enter(self.offset, entry)
            return [*self._fall_due(), *self._sweep()]
        self.rows[key], reactions = self.fold.signal(self.offset, split_key(key), self.rows.get(key), entry)
        return self._shown(key, reactions)

    def _fall_due(self) -> list[Any]:
        """Look at the rows that the clock has something for, if the roll-up knows a clock."""
        until = self.fold.due_until
        if until is None:
            return []
        told: list[Any] = []
        for key in sorted(key for key, row in self.rows.items() if row.due_at is not None and row.due_at <= until):
            told += self._shown(key, self.fold.due_row(split_key(key), self.rows[key]))
        self.fold.due_done(min((row.due_at for row in self.rows.values() if row.due_at is not None), default=None))
        return told

    def _sweep(self) -> list[Any]:
        told: list[Any] = []
        if self.fold.sweep_due():
            for key in sorted(self.rows):
                told += self._shown(key, self.fold.sweep_row(split_key(key), self.rows[key]))
            self.fold.sweep_done()
        return told

    def _shown(self, key: bytes, reactions: list[Any]) -> list[Any]:
        for reaction in reactions:
            if reaction.tombstone:
                self.scores.pop(key, None)
            if reaction.score is not None:
                self.scores[key] = reaction.score
        return reactions


def account_entries(
    entry: Entry, at: int, mode: Mode, told: Iterable[tuple[bytes, Reaction]]
) -> Iterator[tuple[bytes | None, AccountSignal]]:
    """What the log of accounts gets, by key, of an entry (UTC ms) and of what came of it in contacts' rows."""
    if entry.topic == HEALTH_ACCOUNT_SIGNALS:
        yield entry.key, AccountSignal(at=at, mode=mode, fact=entry.value)  # type: ignore[arg-type]
    for _, reaction in told:
        for member in reaction.members:
            yield account_key(member.fact.tenant, member.fact.account), member  # type: ignore[union-attr,arg-type]
    if entry.topic == HEALTH_SIGNALS and isinstance(entry.value, Tick):
        yield None, AccountSignal(at=at, mode=mode, fact=TickDone(day=entry.value.day, partition=0, partitions=1))


class LocalRollups:
    """Accounts, and the portfolios that they are in."""

    def __init__(self) -> None:
        self._accounts = LocalRollup(AccountFold())
        self._portfolios = LocalRollup(PortfolioFold())

    @property
    def accounts(self) -> dict[bytes, AccountScoreUpdated]:
        """The last record of each account, by tenant/account."""
        return self._accounts.scores

    @property
    def portfolios(self) -> dict[bytes, PortfolioScoreUpdated]:
        """The last record of each portfolio, by tenant/kind/id."""
        return self._portfolios.scores

    def take(self, entry: Entry, at: int, mode: Mode, told: Iterable[tuple[bytes, Reaction]]) -> None:
        """An entry of a log, and what came of it in contacts' rows."""
        for key, signal in account_entries(entry, at, mode, told):
            self._on(self._accounts.log(key, signal))
            if isinstance(signal.fact, TickDone):
                self._portfolios.log(None, PortfolioSignal(at=at, mode=mode, fact=signal.fact))

    def _on(self, reactions: list[Any]) -> None:
        for reaction in reactions:
            for entry in reaction.portfolios:
                self._portfolios.log(portfolio_key(entry.fact.tenant, entry.fact.portfolio), entry)
