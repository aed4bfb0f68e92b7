"""A row of state: everything Heartline knows of one account. Of its contacts it knows counts and sums, no list."""

import msgspec

from models.health.accounts.ledger import Ledger
from models.health.accounts.own import Own
from models.health.accounts.roles import Roles
from models.health.state import AlertState
from models.health.stored import row_reader

STATE_VERSION = 1
NO_OFFSET = -1


class Shared(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an account gives to its portfolios, and which these are. `band` by its place."""

    score: int | None = None
    band: int | None = None
    csm: str | None = None
    team: str | None = None
    division: str | None = None


class Then(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an account told of itself until the tick of a day, kept while that day is not closed."""

    day: int
    own: Own


class Moved(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """The latest change of a member's score: when (UTC milliseconds), and whose."""

    at: int
    contact: str


class AccountState(msgspec.Struct, array_like=True, gc=False, kw_only=True):
    """Everything known of an account.

    `offset` is the watermark: the last entry of the log that was applied. `now` is the row's time, which never goes
    back. `seq` counts the account's score records; `fingerprint` is of what the latest one says, `score` what it said.
    `given` is what portfolios were told of the present, `closed` of the latest close. `due_at` is when something ends
    for the account by time alone.
    """

    version: int = STATE_VERSION
    offset: int = NO_OFFSET
    now: int = 0
    seq: int = 0
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    own: Own = Own()
    earlier: list[Then] = msgspec.field(default_factory=list)
    roles: Roles = Roles()
    moved: Moved | None = None
    closes: list[bytes] = msgspec.field(default_factory=list)
    fingerprint: bytes = b""
    score: int | None = None
    given: Shared | None = None
    closed: Shared | None = None
    alerts: list[AlertState] = msgspec.field(default_factory=list)
    at_risk_since: int | None = None
    due_at: int | None = None

    def own_at(self, day: int) -> Own:
        """What the account told of itself at the tick of a day that is not closed yet."""
        return next((then.own for then in self.earlier if then.day >= day), self.own)


_encode = msgspec.msgpack.Encoder().encode


def encode(state: AccountState) -> bytes:
    """The stored form of a row."""
    return _encode(state)


decode = row_reader(AccountState, "account", STATE_VERSION)
"""The row of its stored form. Raises NewerStateVersion, or BadState if it is no row."""
