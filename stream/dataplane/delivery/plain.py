"""At least once, for brokers without transactions: each step is confirmed before the next.

Outputs, then the changelog, then (by the committer) the local store, then the source offsets. After a crash the records
of the last cycle come again; a stage whose rows carry a watermark then repeats its outputs identically or not at all.
"""

import time
from collections.abc import Callable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from stream.dataplane.cycle import Batch
from stream.dataplane.delivery.producing import failure, produce_outputs, produce_rows, producer_properties
from stream.dataplane.settings import PlaneSettings
from stream.errors import BrokerUnreachable


class PlainDelivery:
    """An idempotent producer; every record is confirmed."""

    def __init__(self, settings: PlaneSettings, commit: Callable[[Batch], None]) -> None:
        """`commit` commits the batch's offsets as a member of the group, and raises `Fenced` if it is none any more."""
        self._settings = settings
        self._changelog = settings.changelog
        self._commit = commit
        self._error: KafkaError | None = None
        self._producer = Producer(
            producer_properties(
                settings,
                **{
                    "enable.idempotence": True,
                    "delivery.timeout.ms": int(settings.commit_timeout_seconds * 1000),
                },
            )
        )

    def open(self) -> None:
        """Nothing was left open: there are no transactions."""

    def deliver(self, batch: Batch) -> None:
        """Outputs confirmed, then the changelog confirmed."""
        try:
            produce_outputs(self._producer, batch, self._confirmed)
            self._wait("outputs")
            produce_rows(self._producer, batch, self._changelog, self._confirmed)
            self._wait("the changelog")
        except KafkaException as exception:
            raise failure("the producer is broken", exception.args[0]) from exception

    def acknowledge(self, batch: Batch) -> None:
        """Commit the offsets."""
        self._commit(batch)

    def abandon(self) -> None:
        """Nothing to take over: there are no transactions."""

    def close(self) -> None:
        """Nothing waits: every cycle is confirmed before it counts."""
        self._producer.flush(1.0)

    def _confirmed(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._error = error

    def _wait(self, what: str) -> None:
        seconds = self._settings.commit_timeout_seconds
        deadline = time.monotonic() + seconds
        while self._producer.flush(1.0) and self._error is None:
            if time.monotonic() > deadline:
                raise BrokerUnreachable(f"{what} were not confirmed within {seconds:.0f} s; check the brokers")
        if self._error is not None:
            raise failure(f"{what} were not confirmed", self._error)
