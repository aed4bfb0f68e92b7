"""From weights to the artefact: ONNX, attention fused, int8 per channel, tokenizer, config with hashes."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model
from torch import Tensor, nn
from torch.nn import functional

from models.sentiment.onnx_model import sha256
from models.sentiment.shipped import CONFIG, ShippedConfig
from models.sentiment.training.bert import HEADS, HIDDEN, LAYERS, Bert
from models.sentiment.training.data import EMOTIONS, GROUPS
from models.sentiment.training.tokens import minilm_directory

MODEL = "model.int8.onnx"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
OPSET = 17
SMALLEST = 1e-6
"""Below this no probability of a tone matters, and a float cannot tell it from 0."""


class Exported(nn.Module):
    """What is shipped of the outputs: three logits of sentiment, then one per tone.

    A tone is there when one of its emotions is: `1 - prod(1 - p)`, as a logit. It is better than the outputs for the
    tones themselves, which only help to train (docs/sentiment.md).
    """

    def __init__(self, model: Bert, emotion_names: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self.members = [[emotion_names.index(name) for name in group] for group in GROUPS.values()]

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        sentiment, emotions = self.model(input_ids, attention_mask)
        # -log(1 - p) of each emotion
        surprise = functional.softplus(emotions[:, :EMOTIONS])
        total = torch.stack([surprise[:, members].sum(1) for members in self.members], dim=1)
        return torch.cat((sentiment, total + torch.log((1.0 - torch.exp(-total)).clamp(min=SMALLEST))), dim=1)


def export(model: Bert, emotion_names: Sequence[str], path: Path) -> Path:
    """Write the float model with fused attention to `path`. Raises RuntimeError if a layer was not fused."""
    ids = torch.randint(1000, 2000, (2, 9))
    mask = torch.ones_like(ids)
    axes = {"input_ids": {0: "batch", 1: "tokens"}, "attention_mask": {0: "batch", 1: "tokens"}, "logits": {0: "batch"}}
    with tempfile.TemporaryDirectory() as beside:
        plain = Path(beside) / "plain.onnx"
        torch.onnx.export(
            Exported(model, emotion_names).eval(), (ids, mask), str(plain), input_names=["input_ids", "attention_mask"],
            output_names=["logits"], dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        fused = optimize_model(str(plain), model_type="bert", num_heads=HEADS, hidden_size=HIDDEN, opt_level=0)
    found = fused.get_fused_operator_statistics()["Attention"]
    if found != LAYERS:
        raise RuntimeError(f"{found} of {LAYERS} attentions were fused: ONNX Runtime or the module has changed")
    fused.save_model_to_file(str(path))
    return path


def quantize(source: Path, target: Path) -> Path:
    """Write `source` with int8 weights, one scale per channel; activations are quantized as they come."""
    graph = onnx.load(str(source))
    del graph.graph.value_info[:]
    with tempfile.TemporaryDirectory() as beside:
        bare = Path(beside) / "bare.onnx"
        onnx.save(graph, str(bare))
        quantize_dynamic(
            str(bare), str(target), weight_type=QuantType.QInt8, per_channel=True,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )  # fmt: skip
    return target


def copy_tokenizer(directory: Path) -> None:
    """MiniLM's tokenizer without the padding and cutting to 128 that its file has baked in."""
    source = minilm_directory()
    tokenizer = msgspec.json.decode((source / "tokenizer.json").read_bytes())
    tokenizer["padding"] = tokenizer["truncation"] = None
    (directory / "tokenizer.json").write_bytes(msgspec.json.encode(tokenizer))
    shutil.copyfile(source / "tokenizer_config.json", directory / "tokenizer_config.json")


def write_config(directory: Path, config: ShippedConfig) -> None:
    """Write the config with the digest of each file that is loaded."""
    digests = {name: sha256(directory / name) for name in (MODEL, *TOKENIZER_FILES)}
    config = msgspec.structs.replace(config, sha256=digests)
    (directory / CONFIG).write_bytes(msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n")
