"""A plain BERT encoder with two heads: MiniLM's own weights go in, ONNX Runtime's fused attention comes out.

Hugging Face's module is not used because ONNX Runtime fuses none of its attention, and because attention written as
matmul and softmax trains twice as fast on a CPU thread as the fused kernel does.
"""

import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

HIDDEN, HEADS, LAYERS, INNER, VOCABULARY, POSITIONS = 384, 12, 6, 1536, 30522, 512
LAYER_NORM_EPSILON = 1e-12
MASKED = -10_000.0
SENTIMENT_OUTPUTS = 3
MASK_POOL = 1 << 24
"""Dropout masks are cut from one precomputed buffer of this many values: drawing them costs a tenth of a step."""


class Dropout(nn.Module):
    """Dropout that cuts its masks from a shared buffer at a random place."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability
        self._pool: Tensor | None = None

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.probability == 0.0:
            return values
        return values * self._mask(values)

    def draw(self, device: torch.device) -> Tensor:
        """Fill the buffer, if that was not done yet."""
        if self._pool is None:
            kept = torch.rand(MASK_POOL, device=device) >= self.probability
            self._pool = kept.to(torch.bfloat16) / (1.0 - self.probability)
        return self._pool

    def _mask(self, values: Tensor) -> Tensor:
        pool = self.draw(values.device)
        count = values.numel()
        if count > MASK_POOL:
            raise ValueError(f"a dropout mask of {count} values does not fit the pool of {MASK_POOL}")
        start = int(torch.randint(0, MASK_POOL - count + 1, ()))
        return pool[start : start + count].view(values.shape)


def _working(states: Tensor) -> Tensor:
    """Under autocast, states in bfloat16: normalising gives float32, which every matmul would convert again."""
    return states.to(torch.bfloat16) if torch.is_autocast_enabled(states.device.type) else states


class Layer(nn.Module):
    """One transformer layer, normalised after each half as BERT does."""

    def __init__(self, dropout: Dropout) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(HIDDEN, HIDDEN) for _ in range(3))
        self.attended = nn.Linear(HIDDEN, HIDDEN)
        self.attended_norm = nn.LayerNorm(HIDDEN, eps=LAYER_NORM_EPSILON)
        self.inner = nn.Linear(HIDDEN, INNER)
        self.outer = nn.Linear(INNER, HIDDEN)
        self.outer_norm = nn.LayerNorm(HIDDEN, eps=LAYER_NORM_EPSILON)
        self.dropout = dropout

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        states = _working(self.attended_norm(states + self.dropout(self.attended(self._attention(states, bias)))))
        return _working(self.outer_norm(states + self.dropout(self.outer(functional.gelu(self.inner(states))))))

    def _attention(self, states: Tensor, bias: Tensor) -> Tensor:
        def split(values: Tensor) -> Tensor:
            return values.view(values.size(0), values.size(1), HEADS, HIDDEN // HEADS).permute(0, 2, 1, 3)

        query, key, value = split(self.query(states)), split(self.key(states)), split(self.value(states))
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(HIDDEN // HEADS) + bias
        context = torch.matmul(torch.softmax(scores, dim=-1), value).permute(0, 2, 1, 3).contiguous()
        return context.view(context.size(0), context.size(1), HIDDEN)


class Bert(nn.Module):
    """Token ids in, sentiment logits and emotion logits out. Pooling is the mean over the real tokens."""

    def __init__(self, emotions: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.words = nn.Embedding(VOCABULARY, HIDDEN, sparse=True)
        self.positions = nn.Embedding(POSITIONS, HIDDEN)
        self.types = nn.Embedding(2, HIDDEN)
        self.embedding_norm = nn.LayerNorm(HIDDEN, eps=LAYER_NORM_EPSILON)
        self.layers = nn.ModuleList(Layer(self.dropout) for _ in range(LAYERS))
        self.sentiment = nn.Linear(HIDDEN, SENTIMENT_OUTPUTS)
        self.emotions = nn.Linear(HIDDEN, emotions)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        pooled = self.dropout(self.pooled(input_ids, attention_mask))
        return self.sentiment(pooled), self.emotions(pooled)

    def pooled(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The mean of the last states over the tokens that are not padding, (batch, 384)."""
        places = torch.arange(input_ids.size(1), device=input_ids.device)
        embedded = self.words(input_ids) + self.positions(places) + self.types.weight[0]
        states = _working(self.dropout(self.embedding_norm(embedded)))
        mask = attention_mask.to(torch.float32)
        bias = ((1.0 - mask[:, None, None, :]) * MASKED).to(states.dtype)
        for layer in self.layers:
            states = layer(states, bias)
        weights = mask[:, :, None]
        return (states.to(weights.dtype) * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def from_minilm(weights: Path, emotions: int, dropout: float = 0.1, head_seed: int = 0) -> Bert:
    """The encoder with MiniLM's weights and new heads. Runs to be averaged must share `head_seed`."""
    model = Bert(emotions, dropout)
    generator = torch.Generator().manual_seed(head_seed)
    for head in (model.sentiment, model.emotions):
        nn.init.normal_(head.weight, std=0.02, generator=generator)
        nn.init.zeros_(head.bias)
    mine = model.state_dict()
    theirs = load_file(str(weights))
    for name in mine:
        if not name.startswith(("sentiment.", "emotions.")):
            mine[name].copy_(theirs[_minilm_name(name)])
    return model


def _minilm_name(name: str) -> str:
    """Where MiniLM's file keeps the parameter that this module calls `name`."""
    fixed = {
        "words": "embeddings.word_embeddings",
        "positions": "embeddings.position_embeddings",
        "types": "embeddings.token_type_embeddings",
        "embedding_norm": "embeddings.LayerNorm",
    }
    parts = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "attended": "attention.output.dense",
        "attended_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense",
        "outer": "output.dense",
        "outer_norm": "output.LayerNorm",
    }
    if not name.startswith("layers."):
        module, kind = name.split(".")
        return f"{fixed[module]}.{kind}"
    _, number, module, kind = name.split(".")
    return f"encoder.layer.{number}.{parts[module]}.{kind}"
