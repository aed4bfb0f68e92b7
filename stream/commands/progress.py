"""Progress bars of long work: on the terminal's error stream only, so that what a command puts out stays clean."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

T = TypeVar("T")


def counted(items: Iterable[T], doing: str, total: float | None = None) -> Iterator[T]:
    """The items, counted as they go by under these words; without a terminal just the items."""
    if not sys.stderr.isatty():
        yield from items
        return
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        yield from progress.track(items, total=total, description=doing)
