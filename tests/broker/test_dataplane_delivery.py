"""The contract of a delivery, kept by both adapters on a real broker, with the group of a real consumer."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from stream.dataplane.cycle import Batch
from stream.dataplane.delivery import Delivery, Fenced
from stream.dataplane.delivery.plain import PlainDelivery
from stream.dataplane.delivery.producing import produce_outputs, produce_rows
from stream.dataplane.delivery.transactional import TransactionalDelivery
from stream.dataplane.run import Generation
from stream.dataplane.settings import PlaneSettings
from stream.errors import DeliveryFailed
from tests.support.kafka import KafkaBroker


@dataclass
class Group:
    """A group of one member that owns all partitions of its source."""

    name: str
    member: Consumer
    kafka: KafkaBroker

    @property
    def generation(self) -> Generation:
        """The member's, taken apart from what librdkafka says."""
        metadata: bytes = self.member.consumer_group_metadata()
        number = int.from_bytes(metadata[7:11], "little", signed=True)
        member_id = metadata[11:].split(b"\0")[1].decode()
        generation = Generation(number, member_id, self.name)
        assert generation.metadata() == metadata
        return generation

    def batch(self, generation: Generation, **changes: object) -> Batch:
        """One output, two rows, one offset."""
        output = (f"{self.name}-out", b"value", b"key", [("ce_id", b"1")], -1)
        rows: dict[int, list[tuple[bytes, bytes | None]]] = {0: [(b"a", b"1"), (b"b", None)], 2: [(b"c", b"3")]}
        batch = Batch(generation, [output], rows, {(f"{self.name}-in", 1): 7}, 3, 10)
        return replace(batch, **changes)  # type: ignore[arg-type]

    def committed(self) -> int:
        """The offset of partition 1."""
        return self.member.committed([TopicPartition(f"{self.name}-in", 1)], 10)[0].offset

    def commit(self, batch: Batch) -> None:
        """What Faust's member does for the plain adapter."""
        if batch.generation.number != self.generation.number:
            raise Fenced("another generation")
        offsets = [TopicPartition(topic, p, offset) for (topic, p), offset in batch.offsets.items()]
        self.member.commit(offsets=offsets, asynchronous=False)


@pytest.fixture
def group(kafka: KafkaBroker) -> Iterator[Group]:
    """A fresh group with its topics."""
    name = f"delivery-{uuid.uuid4().hex[:8]}"
    kafka.create_topics(f"{name}-in", f"{name}-out", f"{name}-counts-changelog")
    member = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap,
            "group.id": name,
            "enable.auto.commit": False,
            "session.timeout.ms": 6000,
        }
    )
    member.subscribe([f"{name}-in"])
    while not member.assignment():
        member.poll(0.1)
    yield Group(name, member, kafka)
    member.close()


Make = Callable[[Group], Delivery]


def _settings(group: Group) -> PlaneSettings:
    return PlaneSettings(application=group.name, worker_id="0", bootstrap=group.kafka.bootstrap, table="counts")


@pytest.fixture(params=["transactional", "plain"])
def delivery(request: pytest.FixtureRequest, group: Group) -> Iterator[Delivery]:
    """Each adapter in turn, open."""
    settings = _settings(group)
    adapter: Delivery = (
        TransactionalDelivery(settings) if request.param == "transactional" else PlainDelivery(settings, group.commit)
    )
    adapter.open()
    yield adapter
    adapter.close()


def test_a_delivered_batch_is_readable_and_says_where_its_rows_are(group: Group, delivery: Delivery) -> None:
    batch = group.batch(group.generation)
    delivery.deliver(batch)
    delivery.acknowledge(batch)

    (output,) = group.kafka.read(f"{group.name}-out")
    assert (output.key(), output.value(), output.headers()) == (b"key", b"value", [("ce_id", b"1")])
    rows = {(m.partition(), m.key()): m.value() for m in group.kafka.read(f"{group.name}-counts-changelog")}
    assert rows == {(0, b"a"): b"1", (0, b"b"): None, (2, b"c"): b"3"}
    assert batch.changelog_offsets == {0: 1, 2: 0}
    assert group.committed() == 7


def test_batches_follow_each_other(group: Group, delivery: Delivery) -> None:
    for offset in (3, 5, 9):
        batch = group.batch(group.generation, offsets={(f"{group.name}-in", 1): offset})
        delivery.deliver(batch)
        delivery.acknowledge(batch)

    assert len(group.kafka.read(f"{group.name}-out")) == 3
    assert group.committed() == 9


def test_offsets_of_an_old_generation_are_not_committed(group: Group, delivery: Delivery) -> None:
    now = group.generation
    batch = group.batch(Generation(now.number - 1, now.member_id, now.group))

    with pytest.raises(Fenced):
        _complete(delivery, batch)
    assert group.committed() == -1001

    batch = group.batch(now)
    _complete(delivery, batch)  # and the adapter goes on
    assert group.committed() == 7


def test_a_record_that_is_too_large_is_a_named_error(group: Group, delivery: Delivery) -> None:
    batch = group.batch(group.generation, outputs=[(f"{group.name}-out", b"x" * (17 << 20), b"k", None, -1)])
    with pytest.raises(DeliveryFailed, match=f"{group.name}-out"):
        delivery.deliver(batch)


def _complete(delivery: Delivery, batch: Batch) -> None:
    delivery.deliver(batch)
    delivery.acknowledge(batch)


def test_what_a_transaction_of_an_old_generation_wrote_is_never_seen(group: Group) -> None:
    delivery = TransactionalDelivery(_settings(group))
    delivery.open()
    now = group.generation
    with pytest.raises(Fenced):
        delivery.deliver(group.batch(Generation(now.number - 1, now.member_id, now.group)))
    delivery.close()
    assert group.kafka.read(f"{group.name}-out") == []
    assert group.kafka.read(f"{group.name}-counts-changelog") == []


@pytest.mark.parametrize("before", [1, 2])
def test_a_worker_killed_on_either_producers_turn_leaves_nothing_half_done(group: Group, before: int) -> None:
    """`before` cycles are committed, so that the next is the second or the first producer's."""
    killed = TransactionalDelivery(_settings(group))
    killed.open()
    where = (f"{group.name}-in", 1)
    for offset in range(1, before + 1):
        killed.deliver(group.batch(group.generation, offsets={where: offset}))
    _begin_and_leave(killed._producers[before % 2], group.batch(group.generation, offsets={where: 100}))
    with pytest.raises(KafkaException):  # whoever wants stable offsets waits for both producers
        group.member.committed([TopicPartition(*where)], 1)

    delivery = TransactionalDelivery(_settings(group))
    delivery.open()
    assert group.committed() == before
    delivery.deliver(group.batch(group.generation, offsets={where: 9}))
    assert group.committed() == 9
    assert len(group.kafka.read(f"{group.name}-out")) == before + 1
    assert len(group.kafka.read(f"{group.name}-counts-changelog")) == 3 * (before + 1)


def _begin_and_leave(producer: Producer, batch: Batch) -> None:
    """All of a transaction but its commit."""
    offsets = [TopicPartition(topic, p, offset) for (topic, p), offset in batch.offsets.items()]
    producer.begin_transaction()
    produce_outputs(producer, batch)
    produce_rows(producer, batch, f"{batch.generation.group}-counts-changelog")
    producer.send_offsets_to_transaction(offsets, batch.generation.metadata(), 10)
    assert producer.flush(10) == 0
