"""Long text in pieces a sentence model can read, and the reading of the pieces as one.

The model learnt from texts of a few sentences. A longer one is cut at the ends of sentences into windows of at most
`WINDOW` characters, the first `MAX_WINDOWS` are read, and the probabilities are pooled: each window counts by its
length and by the square of how sure it is not neutral. An angry sentence among polite facts is an angry mail; plain
averaging would call it neutral. A tone is there when one window has it.
"""

import re

import numpy as np
from numpy.typing import NDArray

WINDOW = 300
MAX_WINDOWS = 16
NEUTRAL_SHARE = 0.1
"""What a surely neutral window counts as, before it is squared; one that is surely not neutral counts as 1."""
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def windows(text: str) -> list[str]:
    """`text` in windows of at most `WINDOW` characters, at most `MAX_WINDOWS` of them."""
    if len(text) <= WINDOW:
        return [text]
    made: list[str] = []
    current = ""
    for part in _parts(text[: 2 * WINDOW * MAX_WINDOWS]):
        if current and len(current) + 1 + len(part) > WINDOW:
            made.append(current)
            current = part
        else:
            current = f"{current} {part}" if current else part
        if len(made) == MAX_WINDOWS:
            return made
    return [*made, current]


def pool(probabilities: NDArray[np.float32], lengths: NDArray[np.float32], neutral: int) -> NDArray[np.float32]:
    """One row of probabilities from the rows of a text's windows; `neutral` is the column of that label."""
    weights = lengths * np.maximum(1.0 - probabilities[:, neutral], NEUTRAL_SHARE) ** 2
    pooled: NDArray[np.float32] = (weights[:, None] * probabilities).sum(0) / weights.sum()
    return pooled


def _parts(text: str) -> list[str]:
    """Sentences; one that is longer than a window in pieces of its words, and a word that is longer in pieces."""
    parts = []
    for sentence in SENTENCE_END.split(text):
        while len(sentence) > WINDOW:
            cut = sentence.rfind(" ", 1, WINDOW) + 1 or WINDOW
            parts.append(sentence[:cut].strip())
            sentence = sentence[cut:]
        parts.append(sentence)
    return [part for part in parts if part]
