"""A row of state: what is known of one portfolio. Of its accounts it knows counts and sums, no list."""

import msgspec

from models.health.accounts.ledger import Ledger
from models.health.accounts.sums import Sums
from models.health.stored import row_reader

STATE_VERSION = 1
NO_OFFSET = -1
KEPT_CLOSES = 9


class PortfolioClose(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a day (a proleptic ordinal) closed with: accounts, those of them with a score, the sum of their scores."""

    day: int
    accounts: int
    scored: int
    total: int


class PortfolioState(msgspec.Struct, array_like=True, gc=False, kw_only=True):
    """Everything known of a portfolio.

    `now_sums` is of what its accounts give now, `ledger` of what they closed with. `seq` counts the portfolio's score
    records; `fingerprint` is of what the latest one says.
    """

    version: int = STATE_VERSION
    offset: int = NO_OFFSET
    now: int = 0
    seq: int = 0
    present: Sums = msgspec.field(default_factory=dict)
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    closes: list[PortfolioClose] = msgspec.field(default_factory=list)
    fingerprint: bytes = b""


_encode = msgspec.msgpack.Encoder().encode


def encode(state: PortfolioState) -> bytes:
    """The stored form of a row."""
    return _encode(state)


decode = row_reader(PortfolioState, "portfolio", STATE_VERSION)
"""The row of its stored form. Raises NewerStateVersion, or BadState if it is no row."""
