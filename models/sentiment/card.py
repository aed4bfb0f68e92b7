"""The card of the shipped model."""

from pathlib import Path

from models.sentiment.errors import MissingFile

FILE = Path(__file__).parent / "default" / "MODEL_CARD.md"


def model_card_text() -> str:
    """Markdown. Raises `MissingFile`."""
    if not FILE.is_file():
        raise MissingFile(f"{FILE} is not there: the package is incomplete, install it again or run `make model`")
    return FILE.read_text(encoding="utf-8")
