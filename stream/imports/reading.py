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
Watch = Callable[[Iterator[Event]], Iterator[Event]]

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a message may be longer than the csv module's 131,072 characters


def read_events(
    mapping: Mapping, files: Sequence[Path], now_ms: int | None = None, watch: Watch = iter
) -> Iterator[Event]:
    """The events of all `files`, merged by `occurred_at`; those of equal times in the order of sources, files and rows.

    Each file is read by every source of the mapping whose pattern fits its name. A row that cannot become an event ends
    the import: `BadRow`. Nothing may have occurred after `now_ms` (by default the wall clock). All events are held in
    memory (about 1 KB each) to be sorted; `watch` sees them pass as they are read, before anything is returned.
    """
    now = now_ms if now_ms is not None else time.time_ns() // 1_000_000
    for file in files:
        if not any(_fits(source, file) for source in mapping.sources):
            patterns = ", ".join(source.file for source in mapping.sources)
            raise MappingError(f"no source of the mapping is for {file.name} (their `file` patterns: {patterns})")
    return iter(sorted(watch(_events(mapping, files, now)), key=lambda event: event.occurred_at))


def _fits(source: Source, file: Path) -> bool:
    return fnmatch(file.name, source.file)


def _events(mapping: Mapping, files: Sequence[Path], now_ms: int) -> Iterator[Event]:
    for source in mapping.sources:
        own = [file for file in files if _fits(source, file)]
        if source.ticket_log is not None:
            reader = partial(log_row_reader, source.ticket_log, mapping, now_ms=now_ms)
            # All files at once: the steps of a ticket may stand in several.
            yield from log_events(source.ticket_log, (row for file in own for row in _read(source, file, reader)))
        for file in own:
            for event in source.events or ():
                yield from _read(source, file, partial(row_reader, event, mapping, now_ms=now_ms))


def _read(source: Source, file: Path, compiled: Callable[[Header], Callable[[Cells], T | None]]) -> Iterator[T]:
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
                    raise BadRow(file.name, rows.line_num, str(error)) from error
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
