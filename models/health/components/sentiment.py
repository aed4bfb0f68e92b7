"""`sentiment`: how the contact's last conversations read."""

from typing import Annotated

import msgspec

from models.health.components.component import Component, Observed
from models.health.facts.messages import AGENT, RECORD, UNLABELLED
from models.health.facts.sections import MESSAGES
from models.health.state import ContactState


class Sentiment(Component, frozen=True, kw_only=True):
    """The mean over the last conversations (by last customer message); a conversation is the mean of its customer
    messages: positive 1, neutral 0.5, negative 0. Messages without a label say nothing; a person's correction
    outweighs the classifier.
    """

    name = "sentiment"
    code = 3
    reads = MESSAGES

    conversations: Annotated[int, msgspec.Meta(ge=1, le=64)] = 5

    def measure(self, state: ContactState, now: int) -> Observed | None:
        """Newest message first, so that the first conversations met are the last ones."""
        corrected = {correction.message: correction.label for correction in state.corrections}
        sums: dict[int, int] = {}
        counts: dict[int, int] = {}
        last_at = None
        for high, low, message, reading, conversation, _ in reversed(list(RECORD.iter_unpack(state.messages))):
            label = reading >> 13
            if label >= AGENT:
                continue
            if corrected:
                label = corrected.get(message, label)
            if label == UNLABELLED:
                continue
            if conversation in sums:
                sums[conversation] += label
                counts[conversation] += 1
            elif len(sums) < self.conversations:
                sums[conversation] = label
                counts[conversation] = 1
                if last_at is None:
                    last_at = high << 32 | low
        if last_at is None:
            return None
        # Labels are 1 (negative), 2 and 3 (positive): a mean of them is (mean - 1) / 2 of the way from negative to
        # positive.
        value = sum((sums[key] - count) / (2 * count) for key, count in counts.items()) / len(counts)
        return Observed(value, sum(counts.values()), last_at)
