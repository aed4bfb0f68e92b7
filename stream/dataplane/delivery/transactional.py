"""Exactly once: outputs, changelog and source offsets in one Kafka transaction, fenced by the group's generation."""

import time
from collections.abc import Callable
from typing import NoReturn

import confluent_kafka
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from stream.dataplane.cycle import Batch
from stream.dataplane.delivery import Fenced, Replaced, Uncertain
from stream.dataplane.delivery.producing import NEVER, failure, produce_outputs, produce_rows, producer_properties
from stream.dataplane.run import Generation
from stream.dataplane.settings import PlaneSettings
from stream.errors import BrokerUnreachable, ClientIncompatible, WorkerFenced

_GENERATION_OVER = {
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.FENCED_INSTANCE_ID,
}
_PRODUCER_FENCED = {KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED}
_CALL_SECONDS = 5.0
_RIVAL_SECONDS = 60.0
_PRODUCERS = 2

log = structlog.get_logger(__name__)


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
    """One transaction a cycle. A reader of committed data sees all of it or nothing.

    Two producers take turns, one cycle after the other. Kafka answers a commit when it is decided and writes its marks
    afterwards; until then a further transaction of the same producer is refused and tried again, which made a commit
    three times as long. The order of cycles does not suffer: each is decided before the next begins, readers see
    records in the order of the log, and the group keeps the offset that was written last.
    """

    def __init__(self, settings: PlaneSettings) -> None:
        self._settings = settings
        self._changelog = settings.changelog
        self._fenced_at = -_RIVAL_SECONDS
        self._broken_since: float | None = None
        self._abandoned = False
        self._turn = 0
        self._producers = [self._new_producer(turn) for turn in range(_PRODUCERS)]

    def open(self) -> None:
        """Take over the transactional ids; a transaction that a killed predecessor left open is ended here.

        Raises:
            ClientIncompatible: the fence would not be understood.
        """
        check_metadata(self._settings)
        for producer in self._producers:  # not in a pool: Python waits for its threads at the end, whatever hangs
            self._take_over(producer)

    def deliver(self, batch: Batch) -> None:
        """One transaction."""
        try:
            self._transact(batch)
        except KafkaException as exception:
            self._broken(exception.args[0], exception)
        self._broken_since = None
        self._turn = (self._turn + 1) % _PRODUCERS

    def acknowledge(self, batch: Batch) -> None:
        """The transaction has done it."""

    def abandon(self) -> None:
        """librdkafka ignores the timeout of a transactional call whose coordinator is away (its issue 5456)."""
        self._abandoned = True

    def close(self) -> None:
        """A transaction that is still open is left to `init_transactions` of the next start.

        No flush: of a fenced producer it raises, over the error that ends the process.
        """

    def _new_producer(self, turn: int) -> Producer:
        return Producer(
            producer_properties(
                self._settings,
                **{
                    "transactional.id": f"{self._settings.transactional_id}-{turn}",
                    "transaction.timeout.ms": int(self._settings.transaction_timeout_seconds * 1000),
                },
            )
        )

    def _take_over(self, producer: Producer) -> None:
        try:
            self._retried("taking over the transactional id", producer.init_transactions)
        except KafkaException as exception:
            error = exception.args[0]
            if error.code() in _PRODUCER_FENCED:  # somebody took it over at the same moment
                raise self._rival(error) from exception
            raise failure("taking over the transactional id", error) from exception

    def _broken(self, error: KafkaError, cause: KafkaException) -> NoReturn:
        """Decide what a broken transaction means; always raises.

        Only a fence is answered with an abort. After anything else that may heal (a broker went away) this producer is
        thrown away: librdkafka's can hang for ever after such an abort. The new one aborts what the old one left.
        """
        if error.code() in _GENERATION_OVER:
            try:
                self._retried("aborting the transaction", self._producers[self._turn].abort_transaction)
            except KafkaException as exception:
                self._renew(exception.args[0])
            kind = Replaced if error.code() == KafkaError.FENCED_INSTANCE_ID else Fenced
            raise kind(error.str()) from cause
        if error.code() in NEVER:
            raise failure("committing a cycle", error) from cause
        self._renew(error)
        raise Uncertain(f"{error.name()}: {error.str()}") from cause

    def _transact(self, batch: Batch) -> None:
        producer = self._producers[self._turn]
        offsets = [TopicPartition(topic, p, offset) for (topic, p), offset in batch.offsets.items()]
        metadata = batch.generation.metadata()
        producer.begin_transaction()
        try:
            produce_outputs(producer, batch)
            produce_rows(producer, batch, self._changelog)
        except KafkaException:
            producer.begin_transaction()  # refused, of course; but unlike `produce` it says what broke the first one
            raise
        self._retried(
            "adding the offsets", lambda seconds: producer.send_offsets_to_transaction(offsets, metadata, seconds)
        )
        self._retried("committing the transaction", producer.commit_transaction)
        producer.poll(0)

    def _retried(self, what: str, call: Callable[[float], None]) -> None:
        """Call again while librdkafka says that the very same call may yet succeed."""
        deadline = time.monotonic() + self._settings.commit_timeout_seconds
        while True:
            try:
                return call(_CALL_SECONDS)
            except KafkaException as exception:
                if not exception.args[0].retriable():
                    raise
                if self._abandoned:
                    raise Uncertain(f"{what}: abandoned") from exception
                if time.monotonic() > deadline:
                    raise BrokerUnreachable(
                        f"{what} did not succeed within {self._settings.commit_timeout_seconds:.0f} s: "
                        f"{exception.args[0].str()}; check the brokers, then start again"
                    ) from exception

    def _renew(self, error: KafkaError) -> None:
        now = time.monotonic()
        if self._abandoned:
            raise Uncertain(error.str())
        if self._broken_since is None:
            self._broken_since = now
        if now - self._broken_since > self._settings.commit_timeout_seconds:
            raise failure("committing a cycle", error)
        if error.code() in _PRODUCER_FENCED:  # once: a sleep, of a broker or ours; twice: a rival
            if now - self._fenced_at < _RIVAL_SECONDS:
                raise self._rival(error)
            self._fenced_at = now
        log.warning("producer.renewed", reason=error.str(), error=error.name())
        self._producers[self._turn] = self._new_producer(self._turn)
        self._take_over(self._producers[self._turn])

    def _rival(self, error: KafkaError) -> WorkerFenced:
        return WorkerFenced(
            f"the producers {self._settings.transactional_id!r} were fenced ({error.str()}): another process "
            "uses this worker id; give every worker an id of its own, then start again"
        )
