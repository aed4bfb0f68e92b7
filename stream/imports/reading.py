"""Files of exports as one stream of events in the order of time."""

import csv
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import TypeVar

from schemas.base import Event
from stream.imports.errors import BadRow, ImportFailure, MappingError
from stream.imports.fields import BadCell, Cells, Header
from stream.imports.mapping import Mapping, Source
from stream.imports.row_events import row_reader
from stream.imports.ticket_log import log_events, log_row_reader

T = TypeVar("T")
OnBadRow = Callable[[BadRow], None]

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a message may be longer than the csv module's 131,072 characters


def refuse(bad: BadRow) -> None:
    """Ends the import at the first bad row."""
    raise bad


def read_events(
    mapping: Mapping, files: Sequence[Path], on_bad_row: OnBadRow = refuse, now_ms: int | None = None
) -> Iterator[Event]:
    """The events of all `files`, merged by `occurred_at`; those of equal times in the order of files and rows.

    Each file is read by every source of the mapping whose pattern fits its name. A row that cannot become an event goes
    to `on_bad_row`; by default it ends the import. Nothing may have occurred after `now_ms` (by default the wall
    clock). All events are held in memory (about 1 KB each) to be sorted.
    """
    now = now_ms if now_ms is not None else time.time_ns() // 1_000_000
    events = [event for file in files for event in _file_events(mapping, file, on_bad_row, now)]
    events.sort(key=lambda event: event.occurred_at)
    return iter(events)


def _file_events(mapping: Mapping, file: Path, on_bad_row: OnBadRow, now_ms: int) -> Iterator[Event]:
    sources = [source for source in mapping.sources if fnmatch(file.name, source.file)]
    if not sources:
        patterns = ", ".join(source.file for source in mapping.sources)
        raise MappingError(f"no source of the mapping is for {file.name} (their `file` patterns: {patterns})")
    for source in sources:
        if source.ticket_log is not None:
            log_reader = partial(log_row_reader, source.ticket_log, mapping, now_ms=now_ms)
            yield from log_events(source.ticket_log, _read(source, file, log_reader, on_bad_row))
        for event in source.events or ():
            yield from _read(source, file, partial(row_reader, event, mapping, now_ms=now_ms), on_bad_row)


def _read(
    source: Source, file: Path, compiled: Callable[[Header], Callable[[Cells], T | None]], on_bad_row: OnBadRow
) -> Iterator[T]:
    """What `compiled` makes of each row of a file."""
    try:
        with file.open(encoding=source.encoding, newline="") as lines:
            rows = csv.reader(lines, delimiter=source.delimiter)
            names = next(rows, None)
            if names is None:
                raise ImportFailure(f"{file.name} is empty: it has no line with the names of its columns")
            read = compiled(Header(file.name, names))
            for cells in rows:
                if not cells:
                    continue
                try:
                    made = read(_checked(cells, len(names)))
                except BadCell as error:
                    on_bad_row(BadRow(file.name, rows.line_num, str(error)))
                    continue
                if made is not None:
                    yield made
    except OSError as error:
        raise ImportFailure(f"cannot read {file}: {error.strerror or error}") from error
    except (UnicodeDecodeError, LookupError) as error:
        raise ImportFailure(f"{file.name} is not {source.encoding}: {error}; give the source's `encoding`") from error
    except csv.Error as error:
        raise ImportFailure(f"{file.name} is not CSV with {source.delimiter!r} between the cells: {error}") from error


def _checked(cells: list[str], width: int) -> list[str]:
    if len(cells) != width:
        raise BadCell(f"{len(cells)} cells, but the header has {width}; is it cut off, or a quote not closed?")
    return cells
