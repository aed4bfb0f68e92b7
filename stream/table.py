"""What a stage's table holds beside the rows of its subjects."""

from typing import Final

CONTROL_KEY: Final = b"\x01control"
"""The partition's control row. A tenant never begins with this byte, so the row sorts before all subjects."""
CONTROL_MARK: Final = b"\xc1"
"""The first byte of a stored control row; msgpack never uses it, so no subject's row begins with it."""
MODEL_MARK: Final = b"\xc1\xc1"
"""The first two bytes of the row of a model: no control row begins with the second."""
