"""Files of events: JSON lines, one event each, as `heartline simulate` and `heartline import --to` write them."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from models.health.errors import ModelError
from models.health.model import published_model
from schemas.base import Event
from schemas.control import Control, ModelPublished
from schemas.door import refusal
from schemas.messages import SupportMessage
from schemas.profiles import SupportAccount, SupportContact
from schemas.surveys import SupportReview, SupportSurvey
from schemas.tickets import SupportTicket
from stream.errors import BadInput

SourceEvent = SupportTicket | SupportMessage | SupportSurvey | SupportReview | SupportContact | SupportAccount | Control

_decode = msgspec.json.Decoder(SourceEvent).decode
STANDARD_STREAM = Path("-")


def read_events(file: Path) -> Iterator[Event]:
    """The events of a file (`-`: standard input). Raises `BadInput` for one that cannot be read, and with the number of
    the first line that intake would refuse; it alone knows which tenants there are.
    """
    now_ms = time.time_ns() // 1_000_000
    with opened(file) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                event = _decode(line)
                if isinstance(event, ModelPublished):
                    published_model(event)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ModelError) as error:
                raise BadInput(f"{file}, line {number}: {error}") from error
            refused = refusal(event, now_ms=now_ms, tenants=None)
            if refused is not None:
                raise BadInput(f"{file}, line {number}: {refused.detail}")
            yield event


def opened(file: Path) -> BinaryIO:
    """A file to read (`-`: standard input). Raises `BadInput`."""
    if file == STANDARD_STREAM:
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
