"""`sentiment`: how the contact's last conversations read."""

from itertools import compress
from operator import truediv
from typing import Annotated

import msgspec

from models.health.components.component import Component
from models.health.facts.corrections import labels_as_corrected
from models.health.facts.messages import conversation_numbers, time_of
from models.health.facts.sections import MESSAGES
from models.health.state import ContactState, Measured


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
        conversations = compress(conversation_numbers(state.messages)[::-1], labels[::-1])
        sums: dict[int, int] = {}
        counts: dict[int, int] = {}
        for label, conversation in zip(labels.translate(None, b"\0")[::-1], conversations, strict=True):
            if conversation in sums:
                sums[conversation] += label
                counts[conversation] += 1
            elif len(sums) < self.conversations:
                sums[conversation] = label
                counts[conversation] = 1
        if not sums:
            return None
        # Labels are 1 (negative), 2 and 3 (positive); values are 0, 0.5 and 1.
        mean = sum(map(truediv, sums.values(), counts.values())) / len(sums)
        last_at = time_of(state.messages, len(labels.rstrip(b"\0")) - 1)
        return self.measured((mean - 1.0) / 2.0, sum(counts.values()), last_at)
