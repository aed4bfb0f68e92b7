"""What happened: a CSV file of contacts or of accounts that left or stayed."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from schemas.base import to_milliseconds
from schemas.keys import account_key, contact_key
from stream.errors import BadInput

Happened = Literal["churned", "renewed"]
Kind = Literal["contact", "account"]
_COLUMNS = ("date", "outcome")


class Outcome(NamedTuple):
    """What a contact or an account did on a day (UTC); `line` is that of the file."""

    line: int
    tenant: str
    kind: Kind
    subject: str
    day: date
    happened: Happened

    @property
    def key(self) -> bytes:
        """The key of its records."""
        return (account_key if self.kind == "account" else contact_key)(self.tenant, self.subject)

    @property
    def at(self) -> int:
        """The beginning of the day, in UTC milliseconds."""
        return to_milliseconds(datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC))


def read_outcomes(file: Path, tenant: str) -> list[Outcome]:
    """The outcomes of a file with the columns `contact` or `account`, `date` and `outcome`; a column `tenant` may say
    whose. All are of one kind.

    Raises `BadInput` with the line of the first that cannot be read.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as rows:
            found = list(_outcomes(file, csv.DictReader(rows), tenant))
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8") from error
    if not found:
        raise BadInput(f"{file} has no outcomes")
    other = next((one for one in found if one.kind != found[0].kind), None)
    if other is not None:
        raise BadInput(
            f"{file}, line {other.line}: {other.kind} {other.subject}, but line {found[0].line} has {found[0].kind} "
            f"{found[0].subject}; their scores are two things, so give contacts and accounts a file each"
        )
    return found


def _outcomes(file: Path, rows: "csv.DictReader[str]", tenant: str) -> Iterator[Outcome]:
    names = rows.fieldnames or ()
    missing = [name for name in _COLUMNS if name not in names]
    if missing or not any(kind in names for kind in get_args(Kind)):
        what = repr(missing[0]) if missing else "'contact' or 'account'"
        raise BadInput(f"{file} has no column {what}; its columns must be contact or account, {', '.join(_COLUMNS)}")
    seen: dict[tuple[str, Kind, str, date], int] = {}
    for row in rows:
        line, happened = rows.line_num, _cell(row, "outcome").lower()
        if happened not in get_args(Happened):
            raise BadInput(f"{file}, line {line}: outcome must be churned or renewed, not {happened!r}")
        try:
            day = date.fromisoformat(_cell(row, "date"))
        except ValueError as error:
            raise BadInput(f"{file}, line {line}: date must be a day such as 2026-03-31") from error
        named: list[tuple[Kind, str]] = [(kind, name) for kind in get_args(Kind) if (name := _cell(row, kind))]
        if len(named) != 1:
            wrong = "names both a contact and an account: give one" if named else f"names no {_named_by(names)}"
            raise BadInput(f"{file}, line {line}: {wrong}")
        whose = (_cell(row, "tenant") or tenant, *named[0], day)
        if whose in seen:
            raise BadInput(
                f"{file}, line {line}: {named[0][1]} has an outcome of that day in line {seen[whose]} already"
            )
        seen[whose] = line
        yield Outcome(line, *whose, "churned" if happened == "churned" else "renewed")


def _cell(row: dict[str, str], name: str) -> str:
    """What a row has in a column, "" if nothing."""
    return (row.get(name) or "").strip()


def _named_by(columns: Sequence[str]) -> str:
    """By which of its columns a file may name whose outcome it is."""
    return " or ".join(kind for kind in get_args(Kind) if kind in columns)
