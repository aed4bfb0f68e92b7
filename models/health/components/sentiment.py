"""`sentiment`: how the contact's last conversations read."""

from itertools import compress
from typing import Annotated

import msgspec

from models.health.components.component import Component
from models.health.facts.corrections import labels_as_corrected
from models.health.facts.messages import conversation_numbers, time_of
from models.health.facts.sections import MESSAGES
from models.health.state import ContactState, Measured

_ONE = 193
"""A conversation is summed up in one number: `_ONE` for each message, and their labels (at most 64 times 3)."""
_COUNTED = bytes([0, *(_ONE + label for label in (1, 2, 3)), *range(4, 256)])


class Sentiment(Component, frozen=True, kw_only=True):
    """The mean over the last conversations (by last customer message); a conversation is the mean of its customer
    messages: positive 1, neutral 0.5, negative 0. Messages without a label say nothing; a person's correction
    outweighs the classifier.
    """

    name = "sentiment"
    code = 3
    reads = MESSAGES

    conversations: Annotated[int, msgspec.Meta(ge=1, le=64)] = 5

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """Newest message first, so that the first conversations met are the last ones."""
        labels = labels_as_corrected(state.messages, state.corrections)
        counted = labels.translate(_COUNTED, b"\0")[::-1]
        if not counted:
            return None
        conversations = compress(conversation_numbers(state.messages)[::-1], labels[::-1])
        sums: dict[int, int] = {}
        before = sums.get
        for conversation, one in zip(conversations, counted, strict=True):
            sums[conversation] = before(conversation, 0) + one
        last = list(sums.values())[: self.conversations]
        # Labels are 1 (negative), 2 and 3 (positive); values are 0, 0.5 and 1.
        mean = sum([each % _ONE / (each // _ONE) for each in last]) / len(last)
        last_at = time_of(state.messages, len(labels.rstrip(b"\0")) - 1)
        return self.measured((mean - 1.0) / 2.0, sum([each // _ONE for each in last]), last_at)
