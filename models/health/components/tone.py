"""`tone`: how often the contact sounds frustrated or sad."""

from typing import Annotated

import msgspec

from models.health.components.factor import Factor
from models.health.facts.messages import AGENT, readings, time_of
from models.health.facts.sections import MESSAGES
from models.health.state import ContactState, Measured

_UPSET = 0b11  # frustrated or sad, the lowest tones of a reading
_OTHERS = bytes([*range(1 << 5), *range(AGENT << 5, 256)])
"""Readings of messages that nobody has classified, or that are not the customer's."""
_IS_UPSET = bytes(reading & _UPSET != 0 for reading in range(256))
_COUNTS = bytes(reading not in _OTHERS for reading in range(256))


class Tone(Factor, frozen=True, kw_only=True):
    """Measure: share 0..1 of the contact's last `messages` (10) classified messages that read frustrated or sad.

    By default up to one of ten is good and half of them are poor. A correction of a label says nothing of tones. No
    value without a classified message. Source: 001.
    """

    name = "tone"
    code = 16
    reads = MESSAGES

    good: float = 0.1
    poor: float = 0.5
    messages: Annotated[int, msgspec.Meta(ge=1, le=64)] = 10

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The share of the latest messages; dated by the last of them."""
        kept = readings(state.messages)
        recent = kept.translate(None, _OTHERS)[-self.messages :]
        if not recent:
            return None
        upset = sum(recent.translate(_IS_UPSET))
        return self.rated(upset / len(recent), len(recent), time_of(state.messages, kept.translate(_COUNTS).rfind(1)))


def upset_of_last(kept: bytes, count: int) -> int:
    """How many of the last `count` classified messages read frustrated or sad."""
    return sum(readings(kept).translate(None, _OTHERS)[-count:].translate(_IS_UPSET))
