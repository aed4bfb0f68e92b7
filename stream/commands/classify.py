"""`heartline classify FILE` and `heartline model-card`."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer

from models.sentiment.card import model_card_text
from models.sentiment.errors import SentimentError
from models.sentiment.port import Classifier, Reading
from stream.classifier import open_classifier
from stream.errors import BadInput, ConfigurationError
from stream.event_files import STANDARD_STREAM, opened
from stream.settings import Settings

BATCH = 256


class Line(msgspec.Struct, frozen=True):
    """A JSON line of the input; what else it holds is left alone."""

    text: str


class Answer(msgspec.Struct, frozen=True):
    """A JSON line of the output."""

    text: str
    classifier: str
    reading: Reading


def classify(
    file: Annotated[
        Path, typer.Argument(help="A text per line, or JSON lines with `text`; - is standard input.", allow_dash=True)
    ] = STANDARD_STREAM,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines in and out.")] = False,
    model: Annotated[str | None, typer.Option(help="default, vader, onnx:DIRECTORY or hf:NAME.")] = None,
    min_confidence: Annotated[float, typer.Option(min=0, max=1, help="Below this a text is unknown.")] = 0.0,
) -> None:
    """Read sentiment and tones of texts: label, how sure, probabilities, tones.

    Example: `echo "It broke again." | heartline classify`
    """
    settings = Settings()
    chosen = {"classifier": model or settings.classifier, "min_confidence": min_confidence or settings.min_confidence}
    classifier = open_classifier(settings.model_copy(update=chosen))
    try:
        with opened(file) as lines:
            _answer(classifier, _texts(lines, as_json), as_json)
    finally:
        classifier.close()


def model_card() -> None:
    """Print the card of the shipped model: what it was trained on, what it is worth, where it is wrong.

    Example: `heartline model-card | less`
    """
    try:
        typer.echo(model_card_text())
    except SentimentError as error:
        raise ConfigurationError(str(error)) from error


def _texts(lines: BinaryIO, as_json: bool) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if as_json and not line.strip():
            continue
        try:
            yield (
                msgspec.json.decode(line, type=Line).text if as_json else line.decode("utf-8", "replace").rstrip("\r\n")
            )
        except msgspec.DecodeError as error:
            raise BadInput(f"line {number} is no JSON object with a text: {error}") from error


def _answer(classifier: Classifier, texts: Iterator[str], as_json: bool) -> None:
    name = f"{classifier.name} {classifier.version}"
    while batch := list(islice(texts, BATCH)):
        for text, reading in zip(batch, classifier.classify(batch), strict=True):
            typer.echo(msgspec.json.encode(Answer(text, name, reading)) if as_json else _line(text, reading))


def _line(text: str, reading: Reading) -> str:
    label = reading.label or f"- ({reading.reason})"
    sure = f"{reading.confidence:.2f}" if reading.confidence is not None else ""
    return f"{label:<10} {sure:>4}  {_shares(reading)}  {','.join(reading.tones):<12}  {text}"


def _shares(reading: Reading) -> str:
    """The three probabilities as `-0.91 =0.07 +0.02`, or as much space."""
    if reading.probabilities is None:
        return " " * 17
    shares = reading.probabilities
    return f"-{shares.negative:.2f} ={shares.neutral:.2f} +{shares.positive:.2f}"
