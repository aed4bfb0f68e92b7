"""What a component of an account's score is. Each is a file beside this one, named after it."""

from typing import ClassVar

import msgspec

from models.health.accounts.own import Own
from models.health.accounts.roles import Roles
from models.health.accounts.sums import Sums
from models.health.components.component import Weight
from models.health.components.factor import Threshold
from models.health.state import Measured


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What a component is measured from: `members` are the sums of the contacts, `moved_at` when a score of theirs
    moved last, `own` is what the account tells of itself.
    """

    members: Sums
    own: Own
    roles: Roles
    moved_at: int


class AccountComponent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A component with the parameters that a model gives it. `code` is its number in stored closes: never change or
    reuse one.
    """

    name: ClassVar[str]
    code: ClassVar[int]
    grades: ClassVar[bool] = True

    weight: Weight = 20
    enabled: bool = True

    def measure(self, facts: Facts, now: int) -> Measured | None:
        """The value at `now`, or None without data: the component is then left out."""
        raise NotImplementedError

    def measured(self, value: float, observations: int, last_at: int) -> Measured:
        """A value 0..1, how many observations stand behind it, and the time of the latest (UTC milliseconds)."""
        return Measured(self.code, min(1.0, max(0.0, value)), self.weight, observations, last_at)


class AccountFactor(AccountComponent, frozen=True, kw_only=True):
    """A component whose raw measure is 1 at `good` or better, 0 at `poor` or worse, and linear between."""

    good: Threshold
    poor: Threshold

    def __post_init__(self) -> None:
        if self.good == self.poor:
            raise ValueError("`good` and `poor` must differ: which is larger says which way is better")

    def rated(self, raw: float, observations: int, last_at: int) -> Measured:
        """The raw measure on the way from `poor` to `good`."""
        return self.measured((raw - self.poor) / (self.good - self.poor), observations, last_at)
