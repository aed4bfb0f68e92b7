"""The contract for Hugging Face models through torch: `make test-torch`, in the environment of `make model`.

Not collected by `make test`: torch with what it needs is 6 GB. What this adapter does not share with the ONNX one is
the call of the network, twenty lines; everything around it is held to the contract there too. The model is a small
BERT with random weights, whose classifier is then set by hand so that it has an opinion.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from transformers import BertConfig, BertForSequenceClassification

from models.sentiment.errors import BadLabelMap, MissingFile
from models.sentiment.hugging_face import load_hugging_face
from models.sentiment.reader import TextClassifier
from tests.unit.models.sentiment.contract import ClassifierContract
from tests.unit.models.sentiment.make_tiny import BAD, DIRECTORY, GOOD, MOODS

LABEL_MAP = dict(zip(MOODS, ("negative", "neutral", "positive"), strict=True))


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose word embeddings point good and bad words to opposite sides, and whose layers pass them on."""
    made = tmp_path_factory.mktemp("hugging-face")
    vocabulary = json.loads((DIRECTORY / "tokenizer.json").read_text())["model"]["vocab"]
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        id2label=dict(enumerate(MOODS)), label2id={mood: place for place, mood in enumerate(MOODS)},
    )  # fmt: skip
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.01)
        words = model.bert.embeddings.word_embeddings.weight
        for group, sign in ((BAD, -1.0), (GOOD, 1.0)):
            for word in group.split():
                words[vocabulary[word], 0] = sign
        for norm in (module for module in model.modules() if isinstance(module, torch.nn.LayerNorm)):
            norm.weight.fill_(1.0)
        layer = model.bert.encoder.layer[0]
        for linear in (layer.attention.self.value, layer.attention.output.dense, model.bert.pooler.dense):
            linear.weight.copy_(torch.eye(8) * 4)
        model.classifier.weight.zero_()
        model.classifier.weight[0, 0], model.classifier.weight[2, 0] = -8.0, 8.0
    model.save_pretrained(made)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (made / name).write_bytes((DIRECTORY / name).read_bytes())
    return made


class TestHuggingFace(ClassifierContract):
    @pytest.fixture(scope="class")
    @classmethod
    def classifier(cls, directory: Path) -> Iterator[TextClassifier]:
        classifier = load_hugging_face(str(directory), sessions=2, label_map=LABEL_MAP)
        yield classifier
        classifier.close()


def test_labels_of_other_names_need_a_map(directory: Path) -> None:
    with pytest.raises(BadLabelMap, match="cross, calm, cheerful"):
        load_hugging_face(str(directory), sessions=1)


@pytest.mark.parametrize(
    "hub", [{"HF_HUB_OFFLINE": True}, {"ENDPOINT": "http://127.0.0.1:9"}], ids=["off", "unreachable"]
)
def test_a_name_that_nobody_knows_is_named(monkeypatch: pytest.MonkeyPatch, hub: dict[str, object]) -> None:
    for name, value in hub.items():
        monkeypatch.setattr(constants, name, value)
    with pytest.raises(MissingFile, match="hf:nobody/nothing is neither"):
        load_hugging_face("nobody/nothing", sessions=1)
