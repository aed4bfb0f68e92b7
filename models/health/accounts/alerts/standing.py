"""What the rules of account alerts look at."""

import msgspec

from models.health.accounts.assessment import AccountAssessment
from models.health.accounts.own import Own
from models.health.accounts.roles import Roles
from models.health.accounts.sums import Sums


class Standing(msgspec.Struct, frozen=True, gc=False):
    """An account that has a score: its assessment, its facts, and the score from which its model calls it healthy."""

    current: AccountAssessment
    members: Sums
    own: Own
    roles: Roles
    healthy: int
