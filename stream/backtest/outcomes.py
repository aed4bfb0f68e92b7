"""What happened: a CSV file of contacts that left or stayed."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from schemas.base import to_milliseconds
from schemas.keys import contact_key
from stream.errors import BadInput

Happened = Literal["churned", "renewed"]
_COLUMNS = ("contact", "date", "outcome")


class Outcome(NamedTuple):
    """What a contact did on a day (UTC); `line` is that of the file."""

    line: int
    tenant: str
    contact: str
    day: date
    happened: Happened

    @property
    def key(self) -> bytes:
        """The contact's key."""
        return contact_key(self.tenant, self.contact)

    @property
    def at(self) -> int:
        """The beginning of the day, in UTC milliseconds."""
        return to_milliseconds(datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC))


def read_outcomes(file: Path, tenant: str) -> list[Outcome]:
    """The outcomes of a file with the columns `contact`, `date` and `outcome`; a column `tenant` may say whose.

    Raises `BadInput` with the line of the first that cannot be read.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as rows:
            found = list(_outcomes(file, csv.DictReader(rows), tenant))
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8") from error
    if not found:
        raise BadInput(f"{file} has no outcomes")
    return found


def _outcomes(file: Path, rows: "csv.DictReader[str]", tenant: str) -> Iterator[Outcome]:
    names = rows.fieldnames or ()
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise BadInput(f"{file} has no column {missing[0]!r}; its columns must be {', '.join(_COLUMNS)}")
    seen: dict[tuple[str, str, date], int] = {}
    for row in rows:
        line, happened = rows.line_num, (row["outcome"] or "").strip().lower()
        if happened not in get_args(Happened):
            raise BadInput(f"{file}, line {line}: outcome must be churned or renewed, not {happened!r}")
        try:
            day = date.fromisoformat((row["date"] or "").strip())
        except ValueError as error:
            raise BadInput(f"{file}, line {line}: date must be a day such as 2026-03-31") from error
        contact = (row["contact"] or "").strip()
        if not contact:
            raise BadInput(f"{file}, line {line}: no contact")
        whose = ((row.get("tenant") or "").strip() or tenant, contact, day)
        if whose in seen:
            raise BadInput(f"{file}, line {line}: {contact} has an outcome of that day in line {seen[whose]} already")
        seen[whose] = line
        yield Outcome(line, *whose, "churned" if happened == "churned" else "renewed")
