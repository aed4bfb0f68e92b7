"""Tables in pages that people write: a bench replaces what is between its marks."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import machine
from bench.report import Result, table

PAGE = Path(__file__).parents[1] / "docs" / "sentiment.md"


def written(results: Sequence[Result], command: str, page: Path = PAGE) -> None:
    """Put the table between `<!-- command -->` and `<!-- /command -->`. Raises ValueError if that is not there."""
    text = f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, {machine()}:\n\n{table(results)}\n"
    place = re.compile(rf"(?<=<!-- {re.escape(command)} -->\n).*(?=<!-- /{re.escape(command)} -->)", re.DOTALL)
    whole, found = place.subn(lambda _: text, page.read_text(encoding="utf-8"))
    if found != 1:
        raise ValueError(f"{page} has no place for {command}")
    page.write_text(whole, encoding="utf-8")
