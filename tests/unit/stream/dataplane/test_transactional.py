"""What the transactional delivery does when a transaction breaks: every path, with producers that fail on cue."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from stream.dataplane.cycle import Batch
from stream.dataplane.delivery import Fenced, Uncertain
from stream.dataplane.delivery.transactional import TransactionalDelivery
from stream.dataplane.run import Generation
from stream.dataplane.settings import PlaneSettings
from stream.errors import DeliveryFailed, WorkerFenced

SETTINGS = PlaneSettings(
    application="app", worker_id="0", bootstrap="127.0.0.1:1", table="t", librdkafka={"log_level": 0}
)
FENCED = KafkaError(KafkaError._FENCED, "fenced")
AWAY = KafkaError(KafkaError._TIMED_OUT, "away")
STATE = KafkaError(KafkaError._STATE, "wrong state")
MOVED = KafkaError(KafkaError.ILLEGAL_GENERATION, "moved")


class FakeProducer:
    """Notes what is called, and fails where it is told to."""

    def __init__(self, turn: int, calls: list[tuple[int, str]]) -> None:
        self._turn = turn
        self._calls = calls
        self.errors: dict[str, list[KafkaError]] = {}

    def _call(self, name: str) -> None:
        self._calls.append((self._turn, name))
        if self.errors.get(name):
            raise KafkaException(self.errors[name].pop(0))

    def init_transactions(self, _seconds: float) -> None:
        self._call("init")

    def begin_transaction(self) -> None:
        self._call("begin")

    def produce(self, topic: str, *_args: Any, **_more: Any) -> None:
        self._call("rows" if topic == SETTINGS.changelog else "produce")

    def send_offsets_to_transaction(self, *_args: Any) -> None:
        self._call("offsets")

    def commit_transaction(self, _seconds: float) -> None:
        self._call("commit")

    def abort_transaction(self, _seconds: float) -> None:
        self._call("abort")

    def poll(self, _seconds: float) -> None:
        """Nothing waits."""


class Delivery:
    """A delivery over fake producers, open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[int, str]] = []
        self.made: list[FakeProducer] = []
        self.next_errors: dict[str, list[KafkaError]] = {}

        def new(_delivery: TransactionalDelivery, turn: int) -> Any:
            producer = FakeProducer(turn, self.calls)
            producer.errors, self.next_errors = self.next_errors, {}
            self.made.append(producer)
            return producer

        monkeypatch.setattr(TransactionalDelivery, "_new_producer", new)
        self.real = TransactionalDelivery(SETTINGS)
        self.real.open()
        assert sorted(self.calls) == [(0, "init"), (1, "init")]
        self.calls.clear()

    def deliver(self) -> list[tuple[int, str]]:
        """One batch; what was called."""
        self.calls.clear()
        batch = Batch(
            Generation(1, "m", "app"), [("out", b"v", b"k", None, -1)], {0: [(b"a", b"1")]}, {("in", 0): 1}, 1, 1
        )
        self.real.deliver(batch)
        return list(self.calls)


@pytest.fixture
def delivery(monkeypatch: pytest.MonkeyPatch) -> Delivery:
    """Open, nothing delivered yet."""
    return Delivery(monkeypatch)


def whole(turn: int) -> list[tuple[int, str]]:
    """The calls of a transaction that succeeds."""
    return [(turn, name) for name in ("begin", "produce", "rows", "offsets", "commit")]


def test_producers_take_turns(delivery: Delivery) -> None:
    assert [delivery.deliver() for _ in range(3)] == [whole(0), whole(1), whole(0)]


@pytest.mark.parametrize("turn", [0, 1])
def test_an_old_generation_is_answered_with_an_abort_by_the_producer_whose_turn_it_is(
    delivery: Delivery, turn: int
) -> None:
    for _ in range(turn):
        delivery.deliver()
    delivery.made[turn].errors = {"offsets": [MOVED]}
    with pytest.raises(Fenced):
        delivery.deliver()
    assert delivery.calls[-1] == (turn, "abort")
    assert delivery.deliver() == whole(turn)
    assert len(delivery.made) == 2


def test_an_abort_that_fails_is_left_to_a_new_producer(delivery: Delivery) -> None:
    delivery.made[0].errors = {"offsets": [MOVED], "abort": [AWAY]}
    with pytest.raises(Fenced):
        delivery.deliver()
    assert delivery.calls[-1] == (0, "init")
    assert len(delivery.made) == 3
    assert delivery.deliver() == whole(0)


@pytest.mark.parametrize("where", ["begin", "offsets", "commit"])
def test_what_may_heal_is_done_again_by_a_new_producer_of_the_same_turn(delivery: Delivery, where: str) -> None:
    delivery.deliver()
    delivery.made[1].errors = {where: [AWAY]}
    with pytest.raises(Uncertain):
        delivery.deliver()
    assert delivery.calls[-1] == (1, "init")
    assert "abort" not in [name for _, name in delivery.calls]
    assert delivery.deliver() == whole(1)
    assert delivery.deliver() == whole(0)


@pytest.mark.parametrize("what", ["produce", "rows"])
def test_a_transaction_that_breaks_while_records_are_handed_over_says_why(delivery: Delivery, what: str) -> None:
    producer = delivery.made[0]
    producer.errors = {what: [STATE]}
    began = producer.begin_transaction

    def begin() -> None:
        began()
        producer.errors["begin"] = [FENCED]  # the next time

    producer.begin_transaction = begin  # type: ignore[method-assign]
    with pytest.raises(Uncertain, match="_FENCED"):
        delivery.deliver()
    assert delivery.calls[-1] == (0, "init")


@pytest.mark.parametrize("what", ["produce", "rows"])
def test_a_record_that_the_producer_does_not_take_ends_the_worker(delivery: Delivery, what: str) -> None:
    delivery.made[0].errors = {what: [KafkaError(KafkaError.MSG_SIZE_TOO_LARGE, "too large")]}
    with pytest.raises(DeliveryFailed):
        delivery.deliver()


def test_a_rival_that_took_over_both_ids_is_named_at_the_second_turn(delivery: Delivery) -> None:
    for producer in delivery.made:
        producer.errors = {"offsets": [FENCED]}
    with pytest.raises(Uncertain):
        delivery.deliver()
    assert delivery.deliver() == whole(0)
    with pytest.raises(WorkerFenced, match="another process"):
        delivery.deliver()


def test_a_rival_in_the_middle_of_a_take_over_is_named(delivery: Delivery) -> None:
    delivery.made[0].errors = {"commit": [AWAY]}
    delivery.next_errors = {"init": [FENCED]}
    with pytest.raises(WorkerFenced, match="another process"):
        delivery.deliver()


def test_an_abandoned_delivery_takes_nothing_over(delivery: Delivery) -> None:
    delivery.real.abandon()
    delivery.made[0].errors = {"commit": [FENCED]}
    with pytest.raises(Uncertain):
        delivery.deliver()
    assert delivery.calls[-1] == (0, "commit")
    assert len(delivery.made) == 2


def test_one_abandoned_during_a_take_over_lets_it_be(delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery.made[0].errors = {"commit": [AWAY]}
    tried: list[float] = []

    def waiting(_producer: FakeProducer, seconds: float) -> None:
        tried.append(seconds)
        delivery.real.abandon()  # meanwhile, by the event loop
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "still away", False, True))

    monkeypatch.setattr(FakeProducer, "init_transactions", waiting)
    with pytest.raises(Uncertain, match="abandoned"):
        delivery.deliver()
    assert len(tried) == 1
