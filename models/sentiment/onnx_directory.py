"""Any ONNX sequence classifier: a directory as `optimum-cli export onnx --task text-classification` writes it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from models.sentiment.errors import BadModel, MissingFile
from models.sentiment.meaning import Calibration, Meaning, label_columns
from models.sentiment.onnx_model import OnnxScorer, sha256
from models.sentiment.reader import TextClassifier
from models.sentiment.tokens import tokenizer_of

FILES = ("model.onnx", "model_quantized.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx")


class ModelConfig(msgspec.Struct, frozen=True):
    """Of Hugging Face's `config.json`, what is needed here."""

    id2label: dict[int, str] = {}


def load_onnx_directory(
    directory: Path,
    sessions: int,
    min_confidence: float = 0.0,
    calibration: Calibration | None = None,
    label_map: Mapping[str, str] | None = None,
) -> TextClassifier:
    """The classifier in `directory`: an ONNX file, `config.json` and a tokenizer. Raises a `BadModel`."""
    config = _config(directory)
    names = [config.id2label[number] for number in sorted(config.id2label)]
    columns = label_columns(names, label_map, str(directory))
    file = next((directory / name for name in FILES if (directory / name).is_file()), None)
    if file is None:
        raise MissingFile(f"{directory} has none of {', '.join(FILES)}")
    score = OnnxScorer(file)
    if score.outputs not in (None, len(names)):
        raise BadModel(
            f"{file} has {score.outputs} outputs, config.json beside it names {len(names)}: they do not belong"
        )
    encode, pad = tokenizer_of(directory)
    return TextClassifier(
        name=directory.resolve().name,
        version=sha256(file)[:12],
        encode=encode,
        score=score,
        meaning=Meaning(columns, calibration or Calibration(), min_confidence),
        sessions=sessions,
        pad=pad,
    )


def _config(directory: Path) -> ModelConfig:
    file = directory / "config.json"
    if not file.is_file():
        raise MissingFile(f"{file} is not there: the directory of an ONNX model holds its config and tokenizer too")
    try:
        return msgspec.json.decode(file.read_bytes(), type=ModelConfig)
    except msgspec.DecodeError as error:
        raise BadModel(f"{file} cannot be read: {error}") from error
