"""What a rule of alerts is. Each kind of alert is a file beside this one, named after it."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, NamedTuple, Self, TypeVar

import msgspec

from models.health.bands import BandEdges
from models.health.errors import Path, Problem

HOLDS, BETWEEN, CLEAR = range(3)
"""The condition of an alert holds; is neither; has ended for good, so that it may be raised anew."""

SCORE = 1 << 24
"""Beside the sections of a row: the published score has changed."""

Minutes = Annotated[float, msgspec.Meta(ge=0, le=43_200)]
Hours = Annotated[float, msgspec.Meta(ge=0, le=2_160)]
Score = Annotated[int, msgspec.Meta(ge=0, le=100)]
_REARM_POINTS = 5

OF_CONDITIONS = frozenset(("dwell_minutes", "cooldown_hours", "on_model_change"))
"""What a kind without a condition of its own does nothing with."""


class AlertRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an alert of one kind goes out, by the parameters that a model gives it.

    `dwell_minutes`: so long its condition must hold; `cooldown_hours`: no other of the kind goes out for so long.
    `code` is the kind's number in stored rows: never change or reuse one. `reads`: what it looks at changes only when
    one of these sections does (or `SCORE`). `recovery`: the kind that says that it is over. `idle`: the parameters that
    have no effect on this kind, and that a model may not set.
    """

    name: ClassVar[str]
    code: ClassVar[int]
    reads: ClassVar[int] = 0
    recovery: ClassVar[str | None] = None
    idle: ClassVar[frozenset[str]] = frozenset()

    enabled: bool = True
    dwell_minutes: Minutes = 0
    cooldown_hours: Hours = 24
    on_model_change: bool = False

    def in_bands(self, bands: BandEdges) -> Self:
        """The rule in a model whose bands these are: what goes by them is theirs where it is not given. Raises
        ValueError for a rule that cannot be.
        """
        return self

    def stand(self, state: Any, now: int) -> int:
        """Whether the condition holds (`HOLDS`), is over (`CLEAR`) or neither (`BETWEEN`), for a row with a score."""
        return CLEAR

    def since(self, state: Any, now: int) -> int:
        """Since when the condition holds, if it does and did not before."""
        return now

    def reasons(self, state: Any, now: int) -> list[str]:
        """What a person should know of it, in words."""
        return []

    @property
    def dwell(self) -> int:
        """Milliseconds that the condition must hold."""
        return round(self.dwell_minutes * 60_000)

    @property
    def late_dwell(self) -> int:
        """Milliseconds that the condition must hold where it came late: it has waited for the daily recompute."""
        return 0

    @property
    def cooldown(self) -> int:
        """Milliseconds between two alerts of the kind."""
        return round(self.cooldown_hours * 3_600_000)


Rule = TypeVar("Rule", bound=AlertRule)


def in_bands(rules: Iterable[Rule], bands: BandEdges, where: Path, problems: list[Problem]) -> list[Rule]:
    """The rules of a model whose bands these are; what cannot be is added to `problems`."""
    found = []
    for rule in rules:
        try:
            found.append(rule.in_bands(bands))
        except ValueError as error:
            problems.append(Problem((*where, rule.name), str(error)))
    return found


def edges_of_risk(at: int | None, rearm_at: int | None, bands: BandEdges) -> tuple[int, int]:
    """Where at risk begins and where it is over: the top of the band and 5 points above, where they are not given."""
    begins = bands.needs_attention - 1 if at is None else at
    return begins, min(begins + _REARM_POINTS, 100) if rearm_at is None else rearm_at


def check_edges(at: int | None, rearm_at: int | None) -> None:
    """Raises ValueError if an alert would flap between these."""
    if at is not None and rearm_at is not None and rearm_at <= at:
        raise ValueError(f"`rearm_at` must be above `at` ({at}), or the alert would flap")


class Circumstances(NamedTuple):
    """Under what a row is looked at. `quiet`: what begins now is not to be told (an import, another model). `late`:
    what moved the row occurred more than a day before; `daily`: it is the daily recompute; `remodelled`: another model
    is what moved it.
    """

    now: int
    quiet: bool = False
    late: bool = False
    daily: bool = False
    remodelled: bool = False
