"""Errors of the scoring model. Bad events never get this far: intake refuses them.

HealthError
├── StateError                 a row of state cannot be used
│   ├── NewerStateVersion      it was written by a newer Heartline
│   └── BadState               it is not a row of state at all
└── ModelError                 a health model is not valid
"""


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


class ModelError(HealthError):
    """A health model is not valid; the message names the field."""
