"""Tokenizers as encoders: texts in, ids out."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from models.sentiment.errors import MissingFile

Encoder = Callable[[list[str]], list[list[int]]]

MAX_TOKENS = 128
"""A window is of `windows.WINDOW` characters: about 70 tokens of English. Only odd text is cut here."""


def tokenizer_file(file: Path) -> Encoder:
    """The encoder of a `tokenizer.json`, without importing transformers: that takes a second and 42 MiB."""
    return _encoder(Tokenizer.from_file(str(file)), MAX_TOKENS)


def tokenizer_of(where: str | Path) -> tuple[Encoder, int]:
    """The encoder of a model's directory or name, loaded by transformers, and its padding id. Raises `MissingFile`."""
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # that torch is missing is as it should be
    from transformers import AutoTokenizer

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(str(where))
    except Exception as error:  # a broken file shows as whatever error the library comes upon first
        raise MissingFile(f"{where} has no tokenizer that transformers can load: {error!r}") from error
    longest = min(MAX_TOKENS, tokenizer.model_max_length)
    pad = tokenizer.pad_token_id or 0
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return lambda texts: tokenizer(texts, truncation=True, max_length=longest)["input_ids"], pad
    return _encoder(backend, longest), pad


def _encoder(tokenizer: Tokenizer, longest: int) -> Encoder:
    # Slices of texts run side by side already; threads of its own would only wait for a core, and the slice for them.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
