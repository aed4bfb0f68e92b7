"""Errors of the scoring model. Bad events never get this far: intake refuses them.

HealthError
├── StateError                 a row of state cannot be used
│   ├── NewerStateVersion      it was written by a newer Heartline
│   └── BadState               it is not a row of state at all
└── ModelError                 a health model is not valid
"""

from collections.abc import Sequence
from typing import NamedTuple


class HealthError(Exception):
    """Something the scoring model cannot work with; the message says what to do."""


class StateError(HealthError):
    """A row of state cannot be used."""


class NewerStateVersion(StateError):
    """A row of state was written by a newer Heartline."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"a row of state has version {found}, and this Heartline knows versions up to {known}: "
            "run the newer Heartline again, or reset the state and replay the log with this one"
        )
        self.found = found
        self.known = known


class BadState(StateError):
    """Bytes that are not a row of state."""


Path = tuple[str | int, ...]
"""Where something is in a document: names of fields and places in lists."""


class Problem(NamedTuple):
    """What is wrong in a model, and where: its place in the document and, where there is a text, the line of it."""

    path: Path
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).lstrip(".")
        line = "" if self.line is None else f"line {self.line}: "
        return f"{line}{place}: {self.message}" if place else f"{line}{self.message}"


_TOLD = 20


class ModelError(HealthError):
    """A health model is not valid; `problems` has all that is wrong with it, the message the first of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        more = f"; and {len(problems) - _TOLD} more" if len(problems) > _TOLD else ""
        super().__init__("; ".join(map(str, problems[:_TOLD])) + more)
        self.problems = tuple(problems)
