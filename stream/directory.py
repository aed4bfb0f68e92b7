"""What every intake worker knows from `health.control`: the tenants, what is refused, and whether a history import is
under way.

Each worker reads the whole topic (it is small and kept for ever) beside the group that routes its records.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.catalogue import HEALTH_CONTROL, HEALTH_SIGNALS
from schemas.decoding import DecodeFailure
from schemas.door import UNKNOWN_TENANT
from stream.dataplane import in_thread
from stream.decisions import CIRCLE_CLOSED, Decisions

WHOLE: Final = TopicPartition(HEALTH_CONTROL, 0, OFFSET_BEGINNING)
POLL_SECONDS: Final = 0.2
ASK_SECONDS: Final = 10
RETRY_SECONDS: Final = 1.0
REMIND_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 2.0

T = TypeVar("T")

log = structlog.get_logger()


class Directory:
    """Follows `health.control` by its own consumer, whose calls run in threads."""

    def __init__(
        self, kafka: Mapping[str, str | int | float | bool], tenants: frozenset[str], log_partitions: int
    ) -> None:
        self.refused: dict[int, DecodeFailure] = {}
        """What is refused for the sake of records before it, by offset. What is wrong by itself anybody can see."""
        self._decisions = Decisions(tenants)
        self._log = [TopicPartition(HEALTH_SIGNALS, partition) for partition in range(log_partitions)]
        self._read = 0
        self._progress = asyncio.Event()
        self._consumer = Consumer(
            {**kafka, "group.id": "heartline-directory", "enable.auto.commit": False, "enable.partition.eof": True}
        )

    @property
    def tenants(self) -> set[str]:
        """The tenants whose events are accepted."""
        return self._decisions.tenants

    @property
    def history_open(self) -> bool:
        """Whether an import of history has begun that is not finished."""
        return self._decisions.history_open

    async def follow(self) -> None:
        """Read until cancelled."""
        self._consumer.assign([WHOLE])
        try:
            while True:
                self._take(await in_thread("directory", lambda: self._consumer.consume(500, POLL_SECONDS)))
        finally:  # it waits for calls that are under way: of brokers that hang, not for ever
            await asyncio.wait([in_thread("directory", self._consumer.close)], timeout=CLOSE_SECONDS)

    async def catch_up(self) -> None:
        """Wait until all that is in the topic now has been read, however long the brokers are away."""
        _low, end = await self._asked(lambda: self._consumer.get_watermark_offsets(WHOLE, ASK_SECONDS))
        await self.read_to(end)

    async def read_to(self, end: int) -> None:
        """Wait until all before an offset has been read."""
        while self._read < end:
            self._progress.clear()
            await self._progress.wait()

    async def log_begun(self) -> bool:
        """Whether anything has ever been written to `health.signals`."""
        return await self._asked(self._log_begun)

    def _log_begun(self) -> bool:
        ends = (self._consumer.get_watermark_offsets(pair, ASK_SECONDS) for pair in self._log)
        return any(high > 0 for _low, high in ends)

    async def _asked(self, ask: Callable[[], T]) -> T:
        """Ask the brokers, in a thread, until they answer.

        Whoever waits holds only its own topic back; an outage that lasts is ended by the commits' bound or the
        watchdog, like every other.
        """
        reminded = -REMIND_SECONDS
        while True:
            try:
                return await in_thread("directory", ask)
            except KafkaException as exception:
                if time.monotonic() - reminded >= REMIND_SECONDS:
                    reminded = time.monotonic()
                    log.warning("directory.waits", error=exception.args[0].str())
                await asyncio.sleep(RETRY_SECONDS)

    def _take(self, messages: Sequence[Message]) -> None:
        for message in messages:
            error = message.error()
            if error is None:
                self.learn(message.value(), message.offset() or 0, message.timestamp()[1])
                self._read = (message.offset() or 0) + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                self._read = message.offset() or 0
            elif error.fatal():
                raise KafkaException(error)
        self._progress.set()

    def learn(self, value: bytes | None, offset: int, timestamp: int) -> None:
        """Take in the record at an offset; the routing agent reports what is refused."""
        event = self._decisions.take(value, timestamp)
        if event in (UNKNOWN_TENANT, CIRCLE_CLOSED):
            self.refused[offset] = event
