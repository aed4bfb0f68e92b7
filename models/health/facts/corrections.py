"""What people said of how a message reads. Kept by message, so that a correction may arrive before its message."""

from bisect import insort

import msgspec

from models.health.facts.ids import id_bytes
from models.health.facts.messages import LABELS, SIZE, find_message, is_customers, labels
from models.health.facts.sections import MESSAGES, NOTHING
from schemas.control import SentimentCorrected

KEPT = 64


class Correction(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """The label of a message (its id hash) as a person gave it; ordered by time, then event id."""

    at: int
    event_id: str
    message: bytes
    label: int


def add_correction(corrections: list[Correction], fact: SentimentCorrected, at: int) -> int:
    """Keep the latest correction of each message, and of those the 64 latest. Returns the sections that changed."""
    new = Correction(at, fact.event_id, id_bytes(fact.message), LABELS[fact.label])
    for index, old in enumerate(corrections):
        if old.message == new.message:
            if new <= old:
                return NOTHING
            del corrections[index]
            break
    insort(corrections, new)
    if len(corrections) > KEPT and corrections.pop(0) is new:
        return NOTHING
    return MESSAGES


def labels_as_corrected(kept: bytes, corrections: list[Correction]) -> bytes:
    """The labels of the kept messages, where what a person said outweighs what the classifier said."""
    if not corrections:
        return labels(kept)
    corrected = bytearray(labels(kept))
    for correction in corrections:
        position = find_message(kept, correction.message)
        if position >= 0 and is_customers(kept, position):
            corrected[position // SIZE] = correction.label
    return bytes(corrected)
