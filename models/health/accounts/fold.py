"""The fold of one partition of `health.account-signals`."""

from bisect import bisect_left
from collections.abc import Iterator

from models.health.accounts.model import DEFAULT_ACCOUNT_MODEL, AccountModel, parse_account_model
from models.health.accounts.react import (
    AccountReaction,
    close_account,
    due_account,
    forget_members,
    react_account,
    remodel_account,
)
from models.health.accounts.state import AccountState
from models.health.control_row import Minute
from models.health.rollup import Pending, RollupFold
from schemas.base import Mode
from schemas.signals import AccountSignal, Clock

Subject = tuple[str, str]


class AccountFold(RollupFold[AccountState, AccountSignal, AccountReaction]):
    """Accounts by what their contacts give."""

    def model(self, tenant: str, offset: int) -> AccountModel:
        """How a tenant's accounts are scored at an offset of the log."""
        for published in reversed(self.control.models.get(tenant, ())):
            if published.offset <= offset:
                model = _models.get(published.digest)
                return model or _parsed(published.digest, self._documents.get(tenant, published.digest))
        return DEFAULT_ACCOUNT_MODEL

    def _fold(
        self, offset: int, subject: Subject, row: AccountState | None, signal: AccountSignal
    ) -> tuple[AccountState, AccountReaction]:
        now = max(signal.at, self.control.now, 0 if row is None else row.now)
        return react_account(row, *subject, signal, now, self.model(subject[0], offset), self.open_days)

    def _close(self, subject: Subject, row: AccountState, pending: Pending, day: int) -> AccountReaction:
        then, model = (self.model(subject[0], offset) for offset in (pending.tick, pending.offset))
        return close_account(row, *subject, day, pending.now, then, model, pending.mode)

    def _forget(self, subject: Subject, row: AccountState, pending: Pending) -> AccountReaction:
        return forget_members(row, *subject, pending.now, self.model(subject[0], pending.offset), pending.mode)

    def _remodel(self, subject: Subject, row: AccountState, pending: Pending) -> AccountReaction:
        model = self.model(subject[0], pending.offset)
        return remodel_account(row, *subject, pending.now, model, pending.mode)

    # -- what falls due ------------------------------------------------------------------------------------------------

    def enter(self, offset: int, signal: AccountSignal) -> bool:
        """Take in an entry that concerns every row; False if it was seen before."""
        entered = super().enter(offset, signal)
        if entered and isinstance(signal.fact, Clock):
            self.control.minutes.append(Minute(offset, self.control.now, 0))
        return entered

    def _by_the_clock(self, subject: Subject, row: AccountState, before: int) -> Iterator[AccountReaction]:
        minutes = self.control.minutes
        while row.due_at is not None:
            place = bisect_left(minutes, row.due_at, key=lambda one: one.now)
            if place == len(minutes) or minutes[place].offset >= before:
                return
            minute = minutes[place]
            yield from self._fall_due(subject, row, minute.now, max(minute.offset, row.offset), "live")

    def _fall_due(
        self, subject: Subject, row: AccountState, now: int, offset: int, mode: Mode
    ) -> Iterator[AccountReaction]:
        while row.due_at is not None and row.due_at <= now:
            reaction = due_account(row, *subject, self.model(subject[0], offset - 1), mode)
            row.offset = offset
            yield reaction


_models: dict[bytes, AccountModel] = {}


def _parsed(digest: bytes, document: bytes) -> AccountModel:
    if len(_models) > 1024:
        _models.clear()
    model = _models[digest] = parse_account_model(document)
    return model
