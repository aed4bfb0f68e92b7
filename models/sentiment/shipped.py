"""The model that ships with the product: `default/`, checked by hash before it is loaded."""

from pathlib import Path

import msgspec

from models.sentiment.errors import BadHash, BadModel, MissingFile
from models.sentiment.language import identifier
from models.sentiment.meaning import Calibration, Meaning
from models.sentiment.onnx_model import OnnxScorer, sha256
from models.sentiment.port import LABELS, Tone
from models.sentiment.reader import TextClassifier
from models.sentiment.tokens import tokenizer_file

DIRECTORY = Path(__file__).parent / "default"
CONFIG = "sentiment.json"


class ShippedConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`sentiment.json`: what the files beside it are, and what their outputs mean."""

    name: str
    version: str
    model: str
    sha256: dict[str, str]
    """File name to digest, for every file that is loaded."""
    calibration: Calibration
    tone_thresholds: dict[Tone, float]
    """In the order of the network's tone outputs, which come after the three of sentiment."""


def load_shipped(
    sessions: int, min_confidence: float = 0.0, prior_tau: float | None = None, directory: Path = DIRECTORY
) -> TextClassifier:
    """The shipped model. `prior_tau` None is the one it was made with. Raises a `BadModel`."""
    config = read_config(directory)
    if prior_tau is not None:
        calibration = msgspec.structs.replace(config.calibration, prior_tau=prior_tau)
        config = msgspec.structs.replace(config, calibration=calibration)
    identifier()  # before the session, which then takes the memory that loading this one gives back
    return classifier(config, directory, directory / config.model, sessions, min_confidence)


def classifier(
    config: ShippedConfig, directory: Path, model: Path, sessions: int, min_confidence: float = 0.0
) -> TextClassifier:
    """The network in `model` read as `config` says; training measures the float model with it too."""
    return TextClassifier(
        name=config.name,
        version=config.version,
        encode=tokenizer_file(directory / "tokenizer.json"),
        score=OnnxScorer(model),
        meaning=Meaning(LABELS, config.calibration, min_confidence, config.tone_thresholds),
        sessions=sessions,
    )


def read_config(directory: Path = DIRECTORY) -> ShippedConfig:
    """The config, after each file it vouches for was found to be the one it names."""
    file = directory / CONFIG
    if not file.is_file():
        raise MissingFile(f"{file} is not there: the package is incomplete, install it again or run `make model`")
    try:
        config = msgspec.json.decode(file.read_bytes(), type=ShippedConfig)
    except msgspec.DecodeError as error:
        raise BadModel(f"{file} is not a config this version can read: {error}") from error
    for name, expected in config.sha256.items():
        if (found := sha256(directory / name)) != expected:
            raise BadHash(
                f"{directory / name} has SHA-256 {found}, {CONFIG} says {expected}: the file was damaged or replaced; "
                "install the package again, or run `make model` if you trained a model of your own"
            )
    return config
