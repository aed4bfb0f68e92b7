"""Sums that know what they were when a day was closed, however late what belongs to that day comes.

The partitions that members come from apply a day's tick one after another, while new signals go on. So each change says
after which tick it was made, and is kept by it until all partitions are done with the day.
"""

import msgspec

from models.health.accounts.sums import Sums, change

NEVER_CLOSED = 0
"""In place of a day (a proleptic ordinal): before any tick."""


class Ledger(msgspec.Struct, array_like=True, gc=False):
    """`closed` is the sum at the latest close, `coming` what came on top of it, by the latest tick before that."""

    closed: Sums = msgspec.field(default_factory=dict)
    coming: dict[int, Sums] = msgspec.field(default_factory=dict)

    def add(self, after: int, gave: Sums, gives: Sums) -> None:
        """A member gives this in place of what it gave, after the tick of a day."""
        sums = self.coming.setdefault(after, {})
        change(sums, gave, -1)
        change(sums, gives, 1)
        if not sums:
            del self.coming[after]

    def current(self) -> Sums:
        """The sum of all that has come. To be read only."""
        if not self.coming:
            return self.closed
        sums = self.closed.copy()
        for more in self.coming.values():
            change(sums, more, 1)
        return sums

    def close(self, day: int) -> bool:
        """All that comes before the tick of a day has come: it is in `closed` from here on. False: nothing came."""
        due = [after for after in self.coming if after < day]
        for after in due:
            change(self.closed, self.coming.pop(after), 1)
        return bool(due)
