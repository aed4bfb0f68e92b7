"""A helpdesk's CSV exports as events: a mapping file says which column is what, and `read_events` does the rest.

Pure but for reading the files it is given: producing the events, and intake's work on them, are `stream.history`'s.
"""

from stream.imports.errors import BadRow, ImportFailure, MappingError
from stream.imports.mapping import Mapping, load_mapping
from stream.imports.reading import read_events
from stream.imports.ticks import TickDue, daily_ticks, with_ticks

__all__ = [
    "BadRow",
    "ImportFailure",
    "Mapping",
    "MappingError",
    "TickDue",
    "daily_ticks",
    "load_mapping",
    "read_events",
    "with_ticks",
]
