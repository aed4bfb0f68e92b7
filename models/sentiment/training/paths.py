"""Where the labelled texts are, and where training keeps what it has done so far."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
WORK = REPOSITORY / ".cache" / "sentiment"
"""Checkpoints, predictions, weights: what `make model` goes on from when it was stopped."""


def sentiment_data() -> Path:
    """The folder of the labelled texts: `sentiment` in `HEARTLINE_DATA_DIR`, or in `shared/data` beside the repository.

    Raises FileNotFoundError that says what to set.
    """
    named = os.environ.get("HEARTLINE_DATA_DIR")
    folder = (Path(named) if named else REPOSITORY.parent / "shared" / "data") / "sentiment"
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there: set HEARTLINE_DATA_DIR to the folder with the labelled texts")
    return folder
