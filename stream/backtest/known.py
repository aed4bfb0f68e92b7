"""The scores as they were known on past days, folded from the log as it stood then.

A fact counts from the log time at which it came in, not from the time at which it occurred: what was logged after a
day, however early it occurred, was not known on it.
"""

from bisect import bisect_left
from typing import NamedTuple

import msgspec

from schemas.base import Band
from schemas.catalogue import HEALTH_SCORES
from schemas.keys import partition_for
from schemas.scores import ScoreUpdated
from stream.backtest.outcomes import Outcome
from stream.parallel import Advance
from stream.replay.folding import Chosen, Folding, Sent
from stream.replay.log import Log
from stream.replay.running import fold_until
from stream.replay.tenants import Tenants

_score = msgspec.json.Decoder(ScoreUpdated).decode


class Known(msgspec.Struct, frozen=True):
    """A score from a moment (UTC ms) on; None: no score any more."""

    at: int
    score: int | None
    band: Band | None


class History(msgspec.Struct):
    """The scores of each contact or account, by its key, in order; the latest time that the log has, and its tenants
    until then.
    """

    scores: dict[bytes, list[Known]] = msgspec.field(default_factory=dict)
    log_end: int = 0
    tenants: frozenset[str] = frozenset()

    def take(self, sent: Sent) -> None:
        """Take an output of the fold."""
        if sent.topic == HEALTH_SCORES:
            record = None if sent.value is None else _score(sent.value)
            known = Known(sent.at, None, None) if record is None else Known(sent.at, record.score, record.band)
            self.scores.setdefault(sent.key, []).append(known)

    def add(self, other: "History") -> None:
        """Add another partition's."""
        self.scores.update(other.scores)
        self.log_end = max(self.log_end, other.log_end)
        self.tenants |= other.tenants

    def before(self, key: bytes, moment: int) -> list[Known]:
        """What was known of a contact or an account before a moment."""
        scores = self.scores.get(key, [])
        return scores[: bisect_left(scores, moment, key=lambda one: one.at)]


class Past(NamedTuple):
    """The contacts of outcomes, to be folded; `chosen` is a model that scores throughout."""

    log: Log
    outcomes: tuple[Outcome, ...]
    chosen: Chosen | None

    def fold(self, partition: int, advance: Advance) -> History:
        """Fold one partition, no further than to the last outcome. All partitions tell where the log ends."""
        partitions, history, tenants = self.log.partitions(), History(), Tenants()
        keys = {one.key for one in self.outcomes}
        mine = frozenset(key for key in keys if partition_for(key, partitions) == partition)
        hand_on = not self.log.hands_on

        def take(sent: Sent) -> None:
            if sent.key in mine:
                history.take(sent)

        def wanted(key: bytes) -> bool:
            return tenants.note(key) and (hand_on or key in mine)

        with Folding(partition, self.chosen, wanted, hand_on=hand_on) as folding:
            fold_until(folding, self.log, max(one.at for one in self.outcomes), take, advance)
            history.log_end, history.tenants = folding.log_end, tenants.seen
        return history
