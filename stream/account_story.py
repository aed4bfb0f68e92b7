"""One account's story, folded from the log of accounts: what its score was at any time, and which alerts went out.

The topic of account scores is compacted, and a record knows the closes of eight days alone; the log has all of it.
"""

from collections.abc import Iterable, Mapping
from copy import copy

import msgspec

from models.health.accounts.alerts.rule import AccountRule
from models.health.accounts.fold import AccountFold
from models.health.accounts.react import AccountReaction
from models.health.accounts.state import AccountState
from models.health.facts.messages import DAY_MS
from models.health.state import AlertState
from schemas.base import to_milliseconds
from schemas.keys import account_key, partition_for, split_key
from schemas.scores import AccountScoreUpdated, AlertRaised, ComponentScore
from stream.replay.account_log import AccountEntry, AccountLog
from stream.story import PASSING_TIME, Movement, in_words, only_weight, set_by_hand

_BY_CONTACTS = frozenset(("member.contributed", "member.left", "recompute"))
_BY_PROFILE = frozenset(("account.updated",))
MOVED_BY = {
    "members": _BY_CONTACTS,
    "point_of_contact": _BY_CONTACTS,
    "support_load": _BY_CONTACTS,
    "seats": _BY_PROFILE,
    "tenure": _BY_PROFILE,
    "reviews": frozenset(("review.posted",)),
}
"""What can move a component, by the causes of records. Whatever else a record is caused by, time has moved it until
then: an account's record does not tell decay from what came.
"""
_MODEL_CHANGE = "model_change"
Standing = tuple[tuple[AlertState, ...], tuple[AccountRule, ...]]


class AccountStory(msgspec.Struct):
    """All records of an account up to `now` (UTC ms), in order; a deleted score has None and the time. `standing`: how
    its alerts stood from when on, and by which rules.
    """

    now: int = 0
    scores: list[tuple[int, AccountScoreUpdated | None]] = msgspec.field(default_factory=list)
    alerts: list[AlertRaised] = msgspec.field(default_factory=list)
    standing: list[tuple[int, Standing]] = msgspec.field(default_factory=list)

    def take(
        self, row: AccountState, reactions: Iterable[AccountReaction], now: int, rules: tuple[AccountRule, ...]
    ) -> None:
        """Take what came of an entry, after which the row is this and these rules are in force."""
        for reaction in reactions:
            if reaction.tombstone:
                self.scores.append((now, None))
            if reaction.score is not None:
                self.scores.append((to_milliseconds(reaction.score.at), reaction.score))
            self.alerts += reaction.alerts
        self.standing.append((row.now, (tuple(map(copy, row.alerts)), rules)))

    @property
    def stands(self) -> Standing:
        """How its alerts stand at the end of it."""
        return self.standing[-1][1] if self.standing else ((), ())

    @property
    def latest(self) -> AccountScoreUpdated | None:
        """The last record; None if there is none, or the account is gone."""
        return self.scores[-1][1] if self.scores else None

    def until(self, moment: int) -> "AccountStory":
        """What was known up to and without a moment (UTC ms)."""
        return AccountStory(
            min(self.now, moment),
            [(at, record) for at, record in self.scores if at < moment],
            [alert for alert in self.alerts if to_milliseconds(alert.at) < moment],
            [(at, stood) for at, stood in self.standing if at < moment],
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
            if written is not None:
                row = written
                story.take(row, reactions, signal.at, fold.model(tenant, offset).alerts)
        elif fold.enter(offset, signal):
            reactions = _looked(fold, (tenant, account), row)
            if row is not None and reactions:
                story.take(row, reactions, fold.control.now, fold.model(tenant, offset).alerts)
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


def account_movement(story: AccountStory, days: int) -> Movement | None:
    """What moved the score in the last `days` before the story's end; None where there is no score."""
    latest = story.latest
    if latest is None or latest.score_raw is None:
        return None
    place = sum(at <= story.now - days * DAY_MS for at, _ in story.scores)
    first = story.scores[place - 1][1] if place else None
    parts: dict[tuple[str, str], list[float]] = {}
    besides: list[str] = []
    before = first
    for _, record in story.scores[place:]:
        was, now = ({} if one is None else one.components for one in (before, record))
        for name in {**now, **was}:
            points = _points(now, name) - _points(was, name)
            if points:
                why = "deleted" if record is None else _why(name, record.cause.type, was.get(name), now.get(name))
                parts.setdefault((name, why), []).append(points)
        if record is not None:
            besides += set_by_hand(record, before)
        before = record
    raw = None if first is None else first.score_raw
    return Movement(days, raw, latest.score_raw, latest.score_raw - (raw or 0.0), in_words(parts), tuple(besides))


def _points(components: Mapping[str, ComponentScore], name: str) -> float:
    return components[name].points if name in components else 0.0


def _why(name: str, cause: str, was: ComponentScore | None, now: ComponentScore | None) -> str:
    if only_weight(was, now):
        return f"{cause}/weight"
    return cause if cause == _MODEL_CHANGE or cause in MOVED_BY[name] else PASSING_TIME
