import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.sentiment.card import model_card_text
from models.sentiment.errors import BadHash, BadModel, MissingFile
from models.sentiment.onnx_model import sha256
from models.sentiment.reader import TextClassifier
from models.sentiment.shipped import CONFIG, DIRECTORY, load_shipped, read_config
from models.sentiment.tokens import tokenizer_file, tokenizer_of
from tests.unit.models.sentiment.contract import ClassifierContract

TEXTS = ["Why is it DOWN again?!", "Thank you so much, you saved my day", "naïve café :-) #fail", "[UNK] [SEP] <b>"]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the shipped model, to be damaged."""
    return Path(shutil.copytree(DIRECTORY, tmp_path / "default"))


class TestShippedModel(ClassifierContract):
    @pytest.fixture(scope="class")
    @classmethod
    def classifier(cls) -> Iterator[TextClassifier]:
        classifier = load_shipped(sessions=2)
        yield classifier
        classifier.close()

    @pytest.mark.parametrize(
        ("text", "label", "tone"),
        [
            ("This is the third time it breaks. I am really fed up with you.", "negative", "frustrated"),
            ("I am so sad to hear that, what a disappointment.", "negative", "sad"),
            ("Thank you so much for your help!", "positive", "grateful"),
            ("I love the new version, it is wonderful!", "positive", "happy"),
            ("I don't understand, where do I find my invoice?", "neutral", "confused"),
            ("\U0001f621\U0001f621", "negative", "frustrated"),
        ],
    )
    def test_it_reads_what_a_person_reads(self, classifier: TextClassifier, text: str, label: str, tone: str) -> None:
        [reading] = classifier.classify([text])
        assert reading.label == label or (label == "neutral" and reading.label is not None)
        assert tone in reading.tones

    def test_one_angry_sentence_makes_a_long_polite_mail_negative(self, classifier: TextClassifier) -> None:
        facts = "We met on Monday at ten. The order has the number 4711. The office is on the second floor. " * 4
        [reading] = classifier.classify([f"{facts} This is unacceptable, I am furious and want my money back! {facts}"])
        assert reading.label == "negative"

    def test_it_is_the_same_alone_and_in_a_large_batch_nearly_always(self, classifier: TextClassifier) -> None:
        alone = [classifier.classify([text])[0].label for text in TEXTS]
        together = classifier.classify(TEXTS * 50)
        same = sum(reading.label == alone[place % len(TEXTS)] for place, reading in enumerate(together))
        assert same >= 0.9 * len(together)


def test_taking_the_prior_back_makes_negative_likelier() -> None:
    shares = []
    for tau in (0.0, 1.0):
        classifier = load_shipped(sessions=1, prior_tau=tau)
        [reading] = classifier.classify(["The invoice is wrong."])
        classifier.close()
        assert reading.probabilities is not None
        shares.append(reading.probabilities.negative)
    assert shares[0] < shares[1]


@pytest.mark.parametrize("name", ["model.int8.onnx", "tokenizer.json"])
def test_a_damaged_file_is_refused_at_start(directory: Path, name: str) -> None:
    damaged = bytearray((directory / name).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (directory / name).write_bytes(damaged)
    with pytest.raises(BadHash, match=name):
        load_shipped(sessions=1, directory=directory)


def test_a_missing_file_is_named(directory: Path) -> None:
    (directory / "tokenizer.json").unlink()
    with pytest.raises(MissingFile, match=r"tokenizer\.json"):
        load_shipped(sessions=1, directory=directory)


def test_a_directory_without_a_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=CONFIG):
        load_shipped(sessions=1, directory=tmp_path)


def test_a_config_of_another_form_is_refused(directory: Path) -> None:
    (directory / CONFIG).write_text('{"name": "x"}')
    with pytest.raises(BadModel, match=CONFIG):
        read_config(directory)


def test_all_of_it_is_vouched_for_and_below_25_megabytes() -> None:
    config = read_config()
    assert set(config.sha256) >= {config.model, "tokenizer.json"}
    assert config.sha256[config.model] == sha256(DIRECTORY / config.model)
    assert sum(file.stat().st_size for file in DIRECTORY.iterdir()) <= 25_000_000


def test_transformers_loads_the_tokenizer_and_gives_the_same_ids() -> None:
    encode, pad = tokenizer_of(DIRECTORY)
    assert pad == 0
    assert encode(TEXTS) == tokenizer_file(DIRECTORY / "tokenizer.json")(TEXTS)


def test_the_card_names_its_terms_and_its_figures() -> None:
    card = model_card_text()
    for needed in ("macro recall", "SemEval", "GoEmotions", "CC BY 4.0", "prior_tau", "VADER"):
        assert needed in card
