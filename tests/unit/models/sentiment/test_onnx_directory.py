import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.sentiment.errors import BadLabelMap, BadModel, MissingFile
from models.sentiment.onnx_directory import load_onnx_directory
from models.sentiment.reader import TextClassifier
from tests.unit.models.sentiment.contract import ANGRY, ClassifierContract

TINY = Path(__file__).parent / "tiny"
MOODS = {"cross": "negative", "calm": "neutral", "cheerful": "positive"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the tiny model, to be damaged."""
    return Path(shutil.copytree(TINY, tmp_path / "tiny"))


class TestAnyOnnxDirectory(ClassifierContract):
    @pytest.fixture(scope="class")
    @classmethod
    def classifier(cls) -> Iterator[TextClassifier]:
        classifier = load_onnx_directory(TINY, sessions=2, label_map=MOODS)
        yield classifier
        classifier.close()

    def test_its_version_is_the_digest_of_the_network(self, classifier: TextClassifier) -> None:
        assert classifier.name == "tiny"
        assert len(classifier.version) == 12


def test_labels_of_other_names_need_a_map(directory: Path) -> None:
    with pytest.raises(BadLabelMap, match="no label for cross, calm, cheerful"):
        load_onnx_directory(directory, sessions=1)


def test_a_map_onto_an_unknown_label_is_refused(directory: Path) -> None:
    with pytest.raises(BadLabelMap, match="no label for calm"):
        load_onnx_directory(directory, sessions=1, label_map=MOODS | {"calm": "meh"})


def test_a_map_without_a_positive_is_refused(directory: Path) -> None:
    with pytest.raises(BadLabelMap, match="no output for positive"):
        load_onnx_directory(directory, sessions=1, label_map=dict.fromkeys(MOODS, "negative"))


def test_two_outputs_may_share_a_label(directory: Path) -> None:
    classifier = load_onnx_directory(directory, sessions=1, label_map=MOODS | {"calm": "positive"})
    [reading] = classifier.classify(["The meeting is on Monday."])
    classifier.close()
    assert reading.label == "positive"


def test_usual_label_names_need_no_map(directory: Path) -> None:
    config = {"id2label": {"0": "NEG", "1": "neutral", "2": "Positive"}}
    (directory / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))
    classifier = load_onnx_directory(directory, sessions=1)
    assert classifier.classify([ANGRY])[0].label == "negative"
    classifier.close()


@pytest.mark.parametrize("name", ["model.onnx", "config.json", "tokenizer.json"])
def test_a_missing_file_is_named(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(MissingFile, match=str(directory)):
        load_onnx_directory(directory, sessions=1, label_map=MOODS)


def test_a_file_that_is_no_network_is_refused(directory: Path) -> None:
    (directory / "model.onnx").write_bytes(b"not a network")
    with pytest.raises(BadModel, match="cannot be loaded"):
        load_onnx_directory(directory, sessions=1, label_map=MOODS)


def test_more_outputs_than_the_config_names_are_refused(directory: Path) -> None:
    (directory / "config.json").write_text(json.dumps({"id2label": {"0": "neg", "1": "pos"}, "model_type": "bert"}))
    with pytest.raises(BadModel, match="3 outputs"):
        load_onnx_directory(directory, sessions=1)


@pytest.mark.parametrize("content", ["{", "[1]", '{"id2label": {"a": "negative"}}', '{"id2label": null}'])
def test_a_config_that_is_none_is_refused(directory: Path, content: str) -> None:
    (directory / "config.json").write_text(content)
    with pytest.raises(BadModel, match="cannot be read"):
        load_onnx_directory(directory, sessions=1, label_map=MOODS)


@pytest.mark.parametrize("content", ["", "nonsense", "[1]", '{"a": 1}'])
def test_a_tokenizer_that_is_none_is_refused(directory: Path, content: str) -> None:
    (directory / "tokenizer.json").write_text(content)
    with pytest.raises(MissingFile, match="no tokenizer"):
        load_onnx_directory(directory, sessions=1, label_map=MOODS)


def test_below_the_least_confidence_a_text_is_unknown_but_says_how_likely_each_label_is() -> None:
    classifier = load_onnx_directory(TINY, sessions=1, min_confidence=0.9, label_map=MOODS)
    [unsure] = classifier.classify(["The invoice and the order."])
    classifier.close()
    assert (unsure.label, unsure.reason) == (None, "low_confidence")
    assert unsure.probabilities is not None
    assert unsure.confidence == max(unsure.probabilities.neutral, unsure.probabilities.negative)
