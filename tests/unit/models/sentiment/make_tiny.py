"""Makes `tiny/`, a real ONNX sequence classifier of forty words, for the tests of the ONNX adapter.

Run it with the extra `[train]` (`python tests/unit/models/sentiment/make_tiny.py`) when the fixture has to change. The
logits are the mean over the tokens of a row per word; its three outputs are named by moods, so a label map is needed.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

DIRECTORY = Path(__file__).parent / "tiny"
BAD = "hate awful terrible angry broken worst bad slow useless refund furious unacceptable"
GOOD = "love great thanks thank happy excellent perfect wonderful awesome good helpful"
PLAIN = "the a is it i my you and to order invoice meeting monday number account ticket"
MOODS = ("cross", "calm", "cheerful")


def main() -> None:
    """Write the model, its config and its tokenizer."""
    DIRECTORY.mkdir(exist_ok=True)
    words = ["[PAD]", "[UNK]", *BAD.split(), *GOOD.split(), *PLAIN.split()]
    rows = np.zeros((len(words), len(MOODS)), np.float32)
    rows[:, 1] = 0.5
    for group, column in ((BAD, 0), (GOOD, 2)):
        for word in group.split():
            rows[words.index(word), column] = 12.0
    nodes = [
        helper.make_node("Gather", ["rows", "input_ids"], ["looked_up"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
        helper.make_node("Mul", ["looked_up", "wide"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "tokens"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["wide", "tokens"], ["count"], keepdims=0),
        helper.make_node("Div", ["total", "count"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(n, TensorProto.INT64, ["b", "t"]) for n in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", len(MOODS)])],
        [
            numpy_helper.from_array(rows, "rows"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.array([1]), "tokens"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(DIRECTORY / "model.onnx"))
    config = {"model_type": "bert", "id2label": {str(place): mood for place, mood in enumerate(MOODS)}}
    (DIRECTORY / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(DIRECTORY / "tokenizer.json"))
    special = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    (DIRECTORY / "tokenizer_config.json").write_text(json.dumps(special, indent=2) + "\n")


if __name__ == "__main__":
    main()
