"""The scores of accounts as they were known on past days: the daily closes, as the roll-up gives them.

What went out between two closes depends on which partition of contacts was first; a close does not (docs/scoring.md,
9.8). It has what was logged by the day's tick, from every partition, and nothing that came later.
"""

from typing import NamedTuple

from models.health.accounts.fold import AccountFold
from models.health.accounts.state import AccountState, Shared
from models.health.bands import BANDS
from schemas.keys import partition_for, split_key
from schemas.signals import Clock
from stream.backtest.known import History, Known
from stream.backtest.outcomes import Outcome
from stream.parallel import Advance
from stream.replay.account_log import AccountEntry, AccountLog
from stream.replay.folding import in_runs
from stream.replay.tenants import Tenants

_NOTHING = Known(0, None, None)


class Closes:
    """The closes of some accounts of a partition."""

    def __init__(self, history: History, keys: frozenset[bytes]) -> None:
        """They go into `history`. Those of other accounts than `keys` are passed over."""
        self._history, self._keys = history, keys
        self._fold = AccountFold()
        self._rows: dict[bytes, AccountState] = {}

    @property
    def closed_until(self) -> int:
        """The tick of the last day that was closed (UTC ms)."""
        return self._fold.control.now

    def take(self, entry: AccountEntry) -> None:
        """Take the next entry of the log."""
        offset, key, signal = entry
        self._history.log_end = max(self._history.log_end, signal.at)
        if isinstance(signal.fact, Clock):
            return  # what ends between two ticks makes no close
        if key is None:
            if self._fold.enter(offset, signal):
                self._sweep()
        elif key in self._keys:
            row, _ = self._fold.signal(offset, split_key(key), self._rows.get(key), signal)
            if row is not None:
                self._rows[key] = row

    def _sweep(self) -> None:
        if not self._fold.sweep_due():
            return
        for key, row in self._rows.items():
            self._fold.sweep_row(split_key(key), row)
        for closed in self._fold.sweep_done():
            for key, row in self._rows.items():
                self._closed(key, closed.now, row.closed or Shared())

    def _closed(self, key: bytes, at: int, close: Shared) -> None:
        known = Known(at, close.score, None if close.band is None else BANDS[close.band])
        before = self._history.scores.get(key, [_NOTHING])[-1]
        if (before.score, before.band) != (known.score, known.band):
            self._history.scores.setdefault(key, []).append(known)


class AccountsPast(NamedTuple):
    """The accounts of outcomes, to be folded."""

    log: AccountLog
    outcomes: tuple[Outcome, ...]

    def fold(self, partition: int, advance: Advance) -> History:
        """Fold one partition, no further than to the last outcome. All partitions tell where the log ends."""
        partitions, history, tenants = self.log.partitions(), History(), Tenants()
        keys = {one.key for one in self.outcomes}
        end = max(one.at for one in self.outcomes)
        closes = Closes(history, frozenset(key for key in keys if partition_for(key, partitions) == partition))
        for entries in in_runs(self.log.read(partition)):
            for entry in entries:
                closes.take(entry)
                if entry.key is not None:
                    tenants.note(entry.key)
            advance(len(entries))
            if closes.closed_until >= end:
                break
        history.tenants = tenants.seen
        return history
