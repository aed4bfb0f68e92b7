"""The classifier behind every neural adapter: clean, gate by language, cut, batch by length, score, pool, calibrate.

What differs between adapters is handed in: the scorer (ids in, logits out), the encoder (texts in, ids out) and the
meaning of the outputs. Work is cut into slices, and a slice runs from text to reading on one of `sessions` threads, so
that Python, the tokenizer and the network of different slices overlap; no more than that runs at once, whoever calls.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, groupby
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.sentiment.cleaning import customer_words, has_words
from models.sentiment.language import foreign_language, identifier
from models.sentiment.meaning import Meaning
from models.sentiment.port import Reading
from models.sentiment.tokens import Encoder
from models.sentiment.windows import windows

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

SLICE = 64
"""Texts that one thread takes from beginning to end."""
BATCH_ROWS, BATCH_TOKENS = 8, 192
"""A batch is closed at either bound, so memory does not grow with the longest text."""


class Scorer(Protocol):
    """The network. Called from several threads at once."""

    def __call__(self, ids: Ids, mask: Ids) -> Floats:
        """Logits, (rows, outputs), of token ids and their mask, (rows, tokens)."""


class TextClassifier:
    """A scorer, an encoder and the meaning of the outputs as a `Classifier`."""

    def __init__(
        self, name: str, version: str, encode: Encoder, score: Scorer, meaning: Meaning, sessions: int, pad: int = 0
    ) -> None:
        self.name = name
        self.version = version
        self._encode = encode
        self._score = score
        self._meaning = meaning
        self._pad = pad
        self._sessions = sessions
        identifier()  # loaded now, not by several threads at their first text
        self._threads = ThreadPoolExecutor(sessions, thread_name_prefix="sentiment")

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        """One reading per text, in the order of the texts."""
        size = max(1, min(SLICE, -(-len(texts) // self._sessions)))
        slices = [texts[start : start + size] for start in range(0, len(texts), size)]
        return list(chain.from_iterable(self._threads.map(self._read, slices)))

    def close(self) -> None:
        """Wait for what is under way, then end the threads."""
        self._threads.shutdown()

    def _read(self, texts: Sequence[str]) -> list[Reading]:
        readings = [Reading(reason="empty")] * len(texts)
        wanted: list[tuple[int, str]] = []
        for place, text in enumerate(texts):
            words = customer_words(text)
            if not has_words(words):
                continue
            if language := foreign_language(words):
                readings[place] = Reading(reason="unknown_language", language=language)
                continue
            wanted.extend((place, window) for window in windows(words))
        if wanted:
            for place, reading in self._score_windows(wanted):
                readings[place] = reading
        return readings

    def _score_windows(self, wanted: list[tuple[int, str]]) -> Iterator[tuple[int, Reading]]:
        """The reading of each text that has windows, with its place."""
        encoded = [ids or [self._pad] for ids in self._encode([window for _, window in wanted])]
        lengths = [len(ids) for ids in encoded]
        order = list(batches(lengths))
        scored = [self._score(*padded([encoded[place] for place in batch], self._pad)) for batch in order]
        logits = np.concatenate(scored)[np.argsort(np.concatenate(order))]
        texts, spans = zip(*_spans([text for text, _ in wanted]), strict=True)
        yield from zip(texts, self._meaning.read(logits, np.array(lengths, np.float32), spans), strict=True)


def _spans(texts: list[int]) -> Iterator[tuple[int, slice]]:
    """Each text with where its windows are in `texts`, which holds the text of each window."""
    start = 0
    for text, group in groupby(texts):
        stop = start + sum(1 for _ in group)
        yield text, slice(start, stop)
        start = stop


def padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[Ids, Ids]:
    """Ids and mask of a batch, (rows, longest)."""
    longest = max(map(len, rows))
    ids = np.full((len(rows), longest), pad, dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return ids, mask


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of rows of these `lengths`, by length, at most `BATCH_ROWS` rows and `BATCH_TOKENS` tokens together."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == BATCH_ROWS or (len(batch) + 1) * lengths[place] > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
