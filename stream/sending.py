"""Sending records from commands: confirmed, in order per key, partitioned as all writers of ours do."""

import time
from collections.abc import Iterable
from types import TracebackType

from confluent_kafka import KafkaError as Error
from confluent_kafka import KafkaException, Message, Producer

from schemas.base import Event
from schemas.catalogue import DEAD_LETTER_MAX_BYTES, HEALTH_CONTROL, INPUT_TOPIC_OF
from schemas.decoding import encode
from schemas.keys import contact_key
from stream.connection import Connection
from stream.errors import DeliveryFailed
from stream.settings import Settings

FLUSH_SECONDS = 60.0
ANSWER_SECONDS = 10.0


class Sender:
    """An idempotent producer whose `flush` returns when all is confirmed, or raises `DeliveryFailed`.

    Making one raises `BrokerUnreachable` if no broker answers. Brokers that refuse the credentials end it at once:
    `CredentialsRefused`.
    """

    def __init__(self, settings: Settings) -> None:
        self.sent = 0
        self._failed: str | None = None
        self._connection = Connection(settings)
        self._producer = Producer(
            {
                **self._connection.properties,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": 5,
                "queue.buffering.max.messages": 200_000,
                "message.max.bytes": DEAD_LETTER_MAX_BYTES,
            }
        )
        try:
            self._producer.list_topics(timeout=ANSWER_SECONDS)
        except KafkaException as error:
            raise self._connection.unreachable(self._producer, error) from error

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is None:
            self.flush()

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        headers: Iterable[tuple[str, bytes | None]] = (),
        partition: int = -1,
    ) -> None:
        """Queue a record; waits while the queue is full."""
        while True:
            try:
                self._producer.produce(
                    topic, value, key, partition=partition, headers=list(headers), on_delivery=self._delivered
                )
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise DeliveryFailed(f"a record for {topic} was refused: {error.args[0].str()}") from error
            else:
                break
        self._producer.poll(0)
        self._check()

    def _check(self) -> None:
        if (refusal := self._connection.refusal) is not None:
            self._producer.purge()
            raise refusal
        if self._failed is not None:
            raise DeliveryFailed(self._failed)

    def send_event(self, event: Event) -> None:
        """Send a source event to the topic of its type; control has one partition."""
        topic = INPUT_TOPIC_OF[type(event)]
        subject = getattr(event, "contact", None) or getattr(event, "account", None)
        key = contact_key(event.tenant, subject) if subject is not None else event.tenant.encode()
        self.send(topic, encode(event), key, partition=0 if topic == HEALTH_CONTROL else -1)

    def flush(self) -> None:
        """Wait until all is confirmed."""
        deadline = time.monotonic() + FLUSH_SECONDS
        while (left := self._producer.flush(1.0)) and time.monotonic() < deadline:
            self._check()
        self._check()
        if left:
            raise DeliveryFailed(
                f"{left} records were not confirmed within {FLUSH_SECONDS:g} s{self._connection.last_word}"
            )

    def _delivered(self, error: Error | None, message: Message) -> None:
        if error is None:
            self.sent += 1
        elif self._failed is None:
            self._failed = f"a record for {message.topic()} was refused: {error.str()}"
