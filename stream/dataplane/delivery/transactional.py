"""Exactly once: outputs, changelog and source offsets in one Kafka transaction, fenced by the group's generation."""

import time
from collections.abc import Callable

import confluent_kafka
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from stream.dataplane.cycle import Batch
from stream.dataplane.delivery import Fenced
from stream.dataplane.delivery.producing import failure, produce_outputs, produce_rows, producer_properties
from stream.dataplane.run import Generation
from stream.dataplane.settings import PlaneSettings
from stream.errors import BrokerUnreachable, ClientIncompatible, DeliveryFailed, WorkerFenced

_GENERATION_OVER = {
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.FENCED_INSTANCE_ID,
}
_PRODUCER_FENCED = {KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED}
_CALL_SECONDS = 5.0


def check_metadata(settings: PlaneSettings) -> None:
    """Compare our form of the group metadata with what the installed librdkafka makes; it is its own format."""
    for instance_id in (None, "instance"):
        more = {} if instance_id is None else {"group.instance.id": instance_id}
        consumer = Consumer(settings.client(**{"group.id": settings.application, **more}))
        real = consumer.consumer_group_metadata()
        consumer.close()
        ours = Generation(-1, "", settings.application, instance_id).metadata()
        if real != ours:
            raise ClientIncompatible(
                f"confluent-kafka {confluent_kafka.__version__} writes group metadata as {real!r}, this version of "
                f"Heartline as {ours!r}: transactions would not be fenced; install the locked version"
            )


class TransactionalDelivery:
    """One transaction a cycle. A reader of committed data sees all of it or nothing."""

    def __init__(self, settings: PlaneSettings) -> None:
        self._settings = settings
        self._changelog = settings.changelog
        self._producer = Producer(
            producer_properties(
                settings,
                **{
                    "transactional.id": settings.transactional_id,
                    "transaction.timeout.ms": int(settings.transaction_timeout_seconds * 1000),
                },
            )
        )

    def open(self) -> None:
        """Take over the transactional id; a transaction that a killed predecessor left open is aborted here.

        Raises:
            ClientIncompatible: the fence would not be understood.
        """
        check_metadata(self._settings)
        self._retried("taking over the transactional id", lambda: self._producer.init_transactions(_CALL_SECONDS))

    def deliver(self, batch: Batch) -> None:
        """One transaction."""
        offsets = [TopicPartition(topic, p, offset) for (topic, p), offset in batch.offsets.items()]
        metadata = batch.generation.metadata()
        producer = self._producer
        try:
            self._retried("beginning a transaction", producer.begin_transaction)
            produce_outputs(producer, batch)
            produce_rows(producer, batch, self._changelog)
            self._retried(
                "adding the offsets to the transaction",
                lambda: producer.send_offsets_to_transaction(offsets, metadata, _CALL_SECONDS),
            )
            self._retried("committing the transaction", lambda: producer.commit_transaction(_CALL_SECONDS))
        except Fenced:
            self._retried("aborting the transaction", lambda: producer.abort_transaction(_CALL_SECONDS))
            raise
        producer.poll(0)

    def acknowledge(self, batch: Batch) -> None:
        """The transaction has done it."""

    def close(self) -> None:
        """Nothing waits but a transaction that failed: `init_transactions` of the next start ends it."""

    def _retried(self, what: str, call: Callable[[], None]) -> None:
        deadline = time.monotonic() + self._settings.commit_timeout_seconds
        while True:
            try:
                return call()
            except KafkaException as exception:
                error: KafkaError = exception.args[0]
                if error.code() in _PRODUCER_FENCED:
                    raise self._fenced(error) from exception
                if error.code() in _GENERATION_OVER:
                    raise Fenced(error.str()) from exception
                if not error.retriable():
                    raise failure(what, error) from exception
                if time.monotonic() > deadline:
                    raise BrokerUnreachable(
                        f"{what} did not succeed within {self._settings.commit_timeout_seconds:.0f} s: {error.str()}; "
                        "check the brokers, then start again"
                    ) from exception

    def _fenced(self, error: KafkaError) -> WorkerFenced | DeliveryFailed:
        return WorkerFenced(
            f"the producer {self._settings.transactional_id!r} was fenced ({error.str()}): another process uses this "
            f"worker id, or this one slept longer than {self._settings.transaction_timeout_seconds:.0f} s inside a "
            "transaction; give every worker an id of its own, and start again"
        )
