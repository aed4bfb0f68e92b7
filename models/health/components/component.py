"""What a component of a score is. Each component is a file beside this one, named after it."""

from typing import Annotated, ClassVar

import msgspec

from models.health.state import ContactState, Measured

# A whole weight stays an integer, which takes one byte of a row instead of nine.
Weight = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]


class Component(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A component with the parameters that a model gives it.

    A subclass measures one thing of a contact. `code` is its number in stored rows: never change or reuse one.
    `reads` names the sections of the row that it looks at (`models.health.facts.sections`), with CLOCK if its value
    also changes by time alone: it is measured anew only when one of them changed.
    """

    name: ClassVar[str]
    code: ClassVar[int]
    decays: ClassVar[bool] = False
    """Whether silence alone makes it worse."""
    grades: ClassVar[bool] = False
    """Whether its value says good (1), average or poor (0), by thresholds of the tenant."""

    weight: Weight = 25
    enabled: bool = True

    @property
    def reads(self) -> int:
        """The sections of the row that the value depends on."""
        raise NotImplementedError

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The value at `now`, or None without data: the component is then left out."""
        raise NotImplementedError

    def next_change(self, state: ContactState, now: int) -> int | None:
        """The first millisecond after `now` at which time alone changes the value, if there is one."""
        return None

    def measured(self, value: float, observations: int, last_at: int) -> Measured:
        """A value 0..1, how many observations stand behind it, and the time of the latest (UTC milliseconds)."""
        return Measured(self.code, value, self.weight, observations, last_at)
