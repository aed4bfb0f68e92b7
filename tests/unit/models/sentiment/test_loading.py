import pytest

from models.sentiment import hugging_face
from models.sentiment.errors import MissingDependency, MissingFile, SentimentError, UnknownClassifier
from models.sentiment.loading import Options, load_classifier


@pytest.mark.parametrize("spec", ["", "bert", "onnx:", "hf:", "vader:x", "default:x"])
def test_an_unknown_name_says_which_there_are(spec: str) -> None:
    with pytest.raises(UnknownClassifier, match="onnx:DIRECTORY"):
        load_classifier(spec)


def test_vader_is_there_by_name() -> None:
    assert load_classifier("vader").name == "vader"


def test_the_default_is_the_shipped_model() -> None:
    classifier = load_classifier("default", Options(sessions=1))
    classifier.close()
    assert classifier.name == "heartline-minilm"


def test_a_directory_that_is_not_there_is_named() -> None:
    with pytest.raises(MissingFile, match="nowhere"):
        load_classifier("onnx:nowhere")


def test_hugging_face_without_torch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hugging_face, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"heartline\[torch\]"):
        load_classifier("hf:some/model")


def test_every_error_is_a_sentiment_error() -> None:
    assert issubclass(MissingDependency, SentimentError)
    assert issubclass(MissingFile, SentimentError)
