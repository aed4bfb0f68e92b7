"""`tone`: a contact sounds frustrated or sad."""

from typing import Annotated

import msgspec

from models.health.alerts.rule import BETWEEN, CLEAR, HOLDS, AlertRule
from models.health.components.tone import upset_of_last
from models.health.facts.sections import MESSAGES
from models.health.state import ContactState

Count = Annotated[int, msgspec.Meta(ge=1, le=64)]


class ToneAlert(AlertRule, frozen=True, kw_only=True):
    """Raised when `upset` (2) of the contact's last `messages` (3) classified messages read frustrated or sad; armed
    again when none of them does. Source: 001.
    """

    name = "tone"
    code = 7
    reads = MESSAGES

    upset: Count = 2
    messages: Count = 3

    def __post_init__(self) -> None:
        if self.upset > self.messages:
            raise ValueError("`upset` must not be above `messages`")

    def stand(self, state: ContactState, now: int) -> int:
        """By the latest messages."""
        upset = upset_of_last(state.messages, self.messages)
        if upset >= self.upset:
            return HOLDS
        return BETWEEN if upset else CLEAR

    def reasons(self, state: ContactState, now: int) -> list[str]:
        """How many messages."""
        upset = upset_of_last(state.messages, self.messages)
        return [f"{upset} of the last {self.messages} messages read frustrated or sad"]
