"""A simulated helpdesk with every type of event, through a real broker, against the oracle: twice, late and out of
order, models published and days closed in between.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.base import Event
from schemas.catalogue import HEALTH_SCORES, HEALTH_SIGNALS, INPUTS
from schemas.control import HistoryFinished, HistoryStarted
from schemas.decoding import DecodeFailure, decode_event, decode_signal
from schemas.signals import Signal
from stream.simulate import deliver, simulate
from tests.chaos.load import Load
from tests.chaos.truth import verdict
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

DAYS = 40
PARTS = 4
ANY_TIME = 253_402_300_799_000
EVERY_TYPE = {(topic.name, str(of.__struct_config__.tag)) for topic in INPUTS for of in topic.values}


def arrivals() -> list[Event]:
    """Six weeks up to this morning, as they arrive."""
    morning = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = morning - timedelta(days=DAYS)
    told = simulate(seed=5, contacts=400, start=start, days=DAYS - 1, events=16_000, models_every_days=6)
    return [arrival.event for arrival in deliver(told, seed=5, duplicates=0.05, late=0.03, out_of_order=0.1)]


@pytest.fixture
def heartline(tmp_path: Path) -> Iterator[Heartline]:
    with KafkaBroker() as broker:
        running = Heartline(broker, tmp_path)
        running.create_topics()
        yield running
        running.stop()


def test_every_type_of_event_through_a_broker_gives_what_the_oracle_makes_of_it(heartline: Heartline) -> None:
    events = [*arrivals(), *an_import_that_is_finished_at_once()]
    assert_disorder(events)
    heartline.start("intake")
    heartline.start("scoring")
    days = Load(heartline.settings, [], per_second=1.0, seed=1)
    for part in range(PARTS):
        heartline.send(events[slice_of(part, len(events))])
        heartline.wait_settled()
        days.tick(heartline.settings.partitions)
    heartline.wait_settled()
    heartline.wait_quiet()

    assert types_of_inputs(heartline) == EVERY_TYPE
    found = verdict(heartline, events)
    assert found.problems == []
    assert found.contacts > 300
    assert found.records[HEALTH_SCORES] > found.contacts
    # Each type that moves a score is the named cause of one, and so is each kind of entry that concerns them all.
    assert causes(heartline) >= {
        "ticket.opened", "ticket.updated", "ticket.replied", "ticket.reopened", "message.classified", "survey.answered",
        "review.posted", "contact.updated", "sentiment.corrected", "override", "recompute", "model_change",
    }  # fmt: skip
    logged = types_of_log(heartline)
    assert all(logged[name] for name in ("contact.erased", "contact.restored", "contact.merged", "tick", "clock"))


def slice_of(part: int, count: int) -> slice:
    """A part of the events, in their order."""
    return slice(part * count // PARTS, (part + 1) * count // PARTS)


def an_import_that_is_finished_at_once() -> list[Event]:
    """What `heartline import --history … --finish` says on the control topic."""
    now = datetime.now(UTC)
    return [HistoryStarted(event_id="h1", occurred_at=now), HistoryFinished(event_id="h2", occurred_at=now)]


def assert_disorder(events: list[Event]) -> None:
    """Some arrive twice, some behind younger ones, some days late."""
    twice = sum(count > 1 for count in Counter(event.event_id for event in events).values())
    latest, behind, late = events[0].occurred_at, 0, 0
    for event in events:
        behind += event.occurred_at < latest
        late += latest - event.occurred_at > timedelta(days=1)
        latest = max(latest, event.occurred_at)
    assert twice > 500
    assert behind > 500
    assert late > 100


def types_of_inputs(heartline: Heartline) -> set[tuple[str, str]]:
    """Every type that was read from the input topics, with its topic."""
    found = set()
    for topic in INPUTS:
        for record in heartline.records(topic.name):
            event = decode_event(topic.name, record.value(), now_ms=ANY_TIME, tenants=None)
            assert not isinstance(event, DecodeFailure)
            found.add((topic.name, str(event.__struct_config__.tag)))
    return found


def types_of_log(heartline: Heartline) -> Counter[str]:
    """How often each type of fact is in the log."""
    entries = [decode_signal(record.value()) for record in heartline.records(HEALTH_SIGNALS)]
    return Counter(str(entry.fact.__struct_config__.tag) for entry in entries if isinstance(entry, Signal))


def causes(heartline: Heartline) -> set[str]:
    """What the published scores name as their causes."""
    return {score.cause.type for score in heartline.scores()}
