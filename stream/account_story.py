"""One account's story, folded from the log of accounts: what its score was at any time, and which alerts went out.

The topic of account scores is compacted, and a record knows the closes of eight days alone; the log has all of it.
"""

from collections.abc import Iterable
from math import fsum

import msgspec

from models.health.accounts.fold import AccountFold
from models.health.accounts.react import AccountReaction
from models.health.accounts.state import AccountState
from models.health.facts.messages import DAY_MS
from schemas.base import to_milliseconds
from schemas.keys import account_key, partition_for, split_key
from schemas.scores import AccountScoreUpdated, AlertRaised
from stream.replay.account_log import AccountEntry, AccountLog


class AccountPart(msgspec.Struct, frozen=True):
    """What a component's points were, and are."""

    component: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """Points won or lost."""
        return self.after - self.before


class AccountMovement(msgspec.Struct, frozen=True):
    """What moved the unrounded score in the last `days`: the parts sum to `change`. `before` is None where there was no
    score.
    """

    days: int
    before: float | None
    after: float
    change: float
    parts: tuple[AccountPart, ...]


class AccountStory(msgspec.Struct):
    """All records of an account up to `now` (UTC ms), in order; a deleted score has None and the time."""

    now: int = 0
    scores: list[tuple[int, AccountScoreUpdated | None]] = msgspec.field(default_factory=list)
    alerts: list[AlertRaised] = msgspec.field(default_factory=list)

    def take(self, reactions: Iterable[AccountReaction], now: int) -> None:
        """Take what came of an entry."""
        for reaction in reactions:
            if reaction.tombstone:
                self.scores.append((now, None))
            if reaction.score is not None:
                self.scores.append((to_milliseconds(reaction.score.at), reaction.score))
            self.alerts += reaction.alerts

    @property
    def latest(self) -> AccountScoreUpdated | None:
        """The last record; None if there is none, or the account is gone."""
        return self.scores[-1][1] if self.scores else None

    def until(self, moment: int) -> "AccountStory":
        """What was known at a moment (UTC ms)."""
        return AccountStory(
            min(self.now, moment),
            [(at, record) for at, record in self.scores if at <= moment],
            [alert for alert in self.alerts if to_milliseconds(alert.at) <= moment],
        )

    def ends_in(self, record: AccountScoreUpdated) -> bool:
        """Whether the story comes to a record that went out; what came after it is then left out."""
        for place, (_, one) in enumerate(self.scores):
            if one == record:
                del self.scores[place + 1 :]
                return True
        return False


def fold_account(tenant: str, account: str, log: Iterable[AccountEntry]) -> AccountStory:
    """The story of an account by the entries of its partition; those of other accounts are passed over."""
    key, fold, story = account_key(tenant, account), AccountFold(), AccountStory()
    row: AccountState | None = None
    for offset, of, signal in log:
        if of not in (None, key):
            continue
        if of is not None:
            written, reactions = fold.signal(offset, split_key(of), row, signal)
            row = row if written is None else written
            story.take(reactions, signal.at)
        elif fold.enter(offset, signal):
            story.take(_looked(fold, (tenant, account), row), fold.control.now)
        story.now = max(story.now, signal.at)
    return story


def _looked(fold: AccountFold, subject: tuple[str, str], row: AccountState | None) -> list[AccountReaction]:
    """What an entry that concerns all rows does to this one."""
    reactions: list[AccountReaction] = []
    if row is not None:
        until = fold.due_until
        if until is not None and row.due_at is not None and row.due_at <= until:
            reactions += fold.due_row(subject, row)
        if fold.sweep_due():
            reactions += fold.sweep_row(subject, row)
    if fold.sweep_due():
        fold.sweep_done()
    fold.due_done(None if row is None else row.due_at)
    return reactions


def tell_account(log: AccountLog, tenant: str, account: str) -> AccountStory:
    """The story of an account, from its partition of the log."""
    partition = partition_for(account_key(tenant, account), log.partitions())
    return fold_account(tenant, account, log.read(partition))


def account_movement(story: AccountStory, days: int) -> AccountMovement | None:
    """What moved the score in the last `days` before the story's end; None where there is no score."""
    latest = story.latest
    if latest is None or latest.score_raw is None:
        return None
    place = sum(at <= story.now - days * DAY_MS for at, _ in story.scores)
    first = story.scores[place - 1][1] if place else None
    was, now = ({} if one is None else {n: c.points for n, c in one.components.items()} for one in (first, latest))
    parts = [AccountPart(name, was.get(name, 0.0), now.get(name, 0.0)) for name in {**now, **was}]
    parts.sort(key=lambda part: (-abs(part.change), part.component))
    before = None if first is None else first.score_raw
    return AccountMovement(
        days,
        before,
        latest.score_raw,
        fsum(part.change for part in parts),
        tuple(part for part in parts if part.change),
    )
