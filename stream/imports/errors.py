"""Errors of an import.

HeartlineError
└── BadInput                      11
    └── ImportFailure             11
        ├── MappingError          11   the mapping file is not what it should be, or does not fit the files
        └── BadRow                11   a row of an export cannot become an event
"""

from stream.errors import BadInput


class ImportFailure(BadInput):
    """An import cannot go on; the message says where, and what to change."""


class MappingError(ImportFailure):
    """The mapping file is not what it should be, or does not fit the files."""


class BadRow(ImportFailure):
    """Row `row` (the first line under the header is 2) of `file` cannot become an event."""

    def __init__(self, file: str, row: int, reason: str) -> None:
        super().__init__(f"{file}, line {row}: {reason}")
        self.file = file
        self.row = row
        self.reason = reason
