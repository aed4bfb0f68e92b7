"""Files of events: JSON lines, one event each, as `heartline simulate` and `heartline import --to` write them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from schemas.base import Event
from schemas.control import Control
from schemas.messages import SupportMessage
from schemas.profiles import SupportAccount, SupportContact
from schemas.surveys import SupportReview, SupportSurvey
from schemas.tickets import SupportTicket
from stream.errors import BadInput

SourceEvent = SupportTicket | SupportMessage | SupportSurvey | SupportReview | SupportContact | SupportAccount | Control

_decode = msgspec.json.Decoder(SourceEvent).decode
STANDARD_STREAM = Path("-")


def read_events(file: Path) -> Iterator[Event]:
    """The events of a file (`-`: standard input). Raises `BadInput` with the number of the line."""
    with sys.stdin.buffer if file == STANDARD_STREAM else file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield _decode(line)
            except (msgspec.DecodeError, RecursionError) as error:
                raise BadInput(f"{file}, line {number}: {error}") from error
