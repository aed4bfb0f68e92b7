"""Which records of `health.control` count, and what everybody knows by them."""

from collections.abc import Iterable
from typing import Final

from schemas.catalogue import HEALTH_CONTROL
from schemas.control import HistoryFinished, HistoryStarted, TenantRegistered
from schemas.decoding import DecodeFailure, InputEvent, decode_event
from stream.merges import CIRCLE, Merges

CIRCLE_CLOSED: Final = DecodeFailure("invalid", CIRCLE)


class Decisions:
    """Follows `health.control` from its beginning.

    A record is judged by what stands in the topic, and by nothing else: its time by the timestamp it has there (no
    clock of a reader), its tenant by the settings and the registrations before it, a merge by the merges before it. The
    topic has one partition and is kept for ever, so every reader, and every reader of later, decides the same; what is
    refused has no effect anywhere. A stamp that lies ahead by more than an hour is refused by Apache Kafka 4 itself.
    """

    def __init__(self, tenants: Iterable[str]) -> None:
        """`tenants` are those of the settings."""
        self.tenants = set(tenants)
        self.history_open = False
        self._merges = Merges()

    def take(self, value: bytes | None, timestamp: int) -> InputEvent | DecodeFailure:
        """The event of the next record, which has taken effect, or why it is refused.

        Whether a model is sound is left to those who want it: nothing else follows from that.
        """
        event = decode_event(HEALTH_CONTROL, value, now_ms=timestamp, tenants=self.tenants)
        if isinstance(event, DecodeFailure):
            return event
        if isinstance(event, TenantRegistered):
            self.tenants.add(event.tenant)
        elif isinstance(event, HistoryStarted | HistoryFinished):
            self.history_open = isinstance(event, HistoryStarted)
        elif not self._merges.accepts(event):
            return CIRCLE_CLOSED
        return event
