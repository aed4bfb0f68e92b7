"""What intake knows from `health.control`, while brokers come and go."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from structlog.testing import capture_logs

from schemas.base import to_milliseconds
from schemas.control import ContactMerged, HistoryStarted, TenantRegistered
from schemas.decoding import encode
from schemas.door import UNKNOWN_TENANT
from stream import directory
from stream.decisions import CIRCLE_CLOSED
from stream.directory import Directory


class Broker:
    """Answers where topics end, after so many outages."""

    def __init__(self, outages: int, end: int) -> None:
        self.asked = 0
        self._outages, self._end = outages, end

    def get_watermark_offsets(self, _pair: object, _seconds: float) -> tuple[int, int]:
        """The first and the last offset, or no answer."""
        self.asked += 1
        if self.asked <= self._outages:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT, "away"))
        return 0, self._end


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[[Broker], Directory]:
    """A directory before a broker, which asks again at once."""
    monkeypatch.setattr(directory, "RETRY_SECONDS", 0.0)

    def make(broker: Broker) -> Directory:
        made = Directory({"bootstrap.servers": "127.0.0.1:1", "log_level": 0}, frozenset(), 2)
        consumer: Any = broker
        made._consumer = consumer
        return made

    return make


async def test_the_log_is_asked_for_until_the_brokers_are_back(known: Callable[[Broker], Directory]) -> None:
    broker = Broker(outages=3, end=7)
    with capture_logs() as logs:
        assert await known(broker).log_begun()
    assert broker.asked == 4
    assert [(line["event"], line["log_level"]) for line in logs] == [("directory.waits", "warning")], "not each time"


async def test_an_empty_log_has_not_begun(known: Callable[[Broker], Directory]) -> None:
    assert not await known(Broker(outages=0, end=0)).log_begun()


def test_it_follows_what_is_accepted_and_remembers_what_was_refused_for_what_stood_before(
    known: Callable[[Broker], Directory],
) -> None:
    directory = known(Broker(outages=0, end=0))
    base: dict[str, Any] = {"event_id": "e", "occurred_at": datetime(2026, 3, 1, tzinfo=UTC)}
    said = [
        ContactMerged(**base, tenant="acme", contact="a", into="b"),
        TenantRegistered(**base, tenant="acme"),
        TenantRegistered(**base | {"occurred_at": datetime(2500, 1, 1, tzinfo=UTC)}, tenant="globex"),
        ContactMerged(**base, tenant="acme", contact="b", into="a"),
        ContactMerged(**base, tenant="acme", contact="a", into="b"),
        HistoryStarted(**base),
    ]
    for offset, event in enumerate(said):
        directory.learn(encode(event), offset, to_milliseconds(base["occurred_at"]))
    assert directory.tenants == {"acme"}
    assert directory.history_open
    assert directory.refused == {0: UNKNOWN_TENANT, 4: CIRCLE_CLOSED}


async def test_catching_up_waits_through_an_outage_and_for_the_last_record(
    known: Callable[[Broker], Directory],
) -> None:
    made = known(Broker(outages=2, end=1))
    waiting = asyncio.create_task(made.catch_up())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    made._read = 1
    made._progress.set()
    await asyncio.wait_for(waiting, 5)
