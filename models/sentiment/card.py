"""The card of the shipped model."""

from models.sentiment.errors import MissingFile
from models.sentiment.shipped import DIRECTORY

CARD = "MODEL_CARD.md"


def model_card_text() -> str:
    """Markdown. Raises `MissingFile`."""
    file = DIRECTORY / CARD
    if not file.is_file():
        raise MissingFile(f"{file} is not there: the package is incomplete, install it again or run `make model`")
    return file.read_text(encoding="utf-8")
