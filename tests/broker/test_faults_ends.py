"""A worker ends though something hangs: in time, with its exit code, and acknowledges nothing that is not committed."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

import pytest
from confluent_kafka import Producer

from schemas.base import Event
from schemas.catalogue import HEALTH_SCORES, HEALTH_SIGNALS
from schemas.messages import MessageCreated
from schemas.tickets import TicketOpened
from stream.errors import Stalled
from stream.simulate import simulate
from stream.topics import all_topics
from tests.chaos.load import Load, helpdesk
from tests.chaos.truth import verdict
from tests.support.heartline import Heartline, TestWorker, wait_until
from tests.support.kafka import KafkaBroker

HANGING = ("-m", "tests.support.slow_intake")
STUCK = ("-m", "tests.support.stuck_scoring")
READY_SECONDS = 60.0
STALL_SECONDS = 5.0
STALLS_SOON = {"HEARTLINE_STALL_SECONDS": str(STALL_SECONDS)}
DRAIN_SECONDS = 5.0
END_SECONDS = DRAIN_SECONDS + 5.0
"""`HEARTLINE_DRAIN_SECONDS`, and five more until the process is ended by force."""
SLACK_SECONDS = 5.0
"""Of a busy machine."""


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    """A broker that may be stopped in the middle of what it does."""
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture
def heartline(broker: KafkaBroker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Heartline]:
    """A Heartline of its own."""
    heartline = Heartline(
        broker,
        tmp_path,
        HEARTLINE_APPLICATION=f"ends-{crc32(request.node.name.encode())}",
        HEARTLINE_DRAIN_SECONDS=str(DRAIN_SECONDS),
    )
    heartline.create_topics()
    yield heartline
    broker.resume()
    heartline.stop()
    broker.delete_topics(*(topic.name for topic in all_topics(heartline.settings)))


def started(heartline: Heartline) -> tuple[TestWorker, TestWorker]:
    """Both stages, ready."""
    intake, scoring = heartline.start("intake"), heartline.start("scoring")
    wait_until(lambda: intake.ready and scoring.ready, READY_SECONDS, "both ready")
    return intake, scoring


def flowing(heartline: Heartline, per_second: float = 400.0) -> Load:
    """A load under which scores come out."""
    load = Load(heartline.settings, helpdesk(1, 40_000, 200), per_second, seed=1)
    load.start()
    wait_until(lambda: len(heartline.records(HEALTH_SCORES)) > 50, READY_SECONDS, "scores")
    return load


def whole(heartline: Heartline, sent: list[Event]) -> None:
    """New workers take up where the ended ones left off, and all comes out right."""
    heartline.start("intake")
    heartline.start("scoring")
    heartline.wait_settled()
    assert verdict(heartline, sent).problems == []


def test_a_classifier_that_hangs_is_a_stall_and_ends_intake_with_its_code(heartline: Heartline) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    events: list[Event] = [
        MessageCreated(event_id="m1", occurred_at=past, contact="c1", message="m1", author="customer", text="Well."),
        TicketOpened(event_id="t1", occurred_at=past, contact="c2", ticket="t1"),
    ]
    intake = heartline.start("intake", program=HANGING, SLOW_SECONDS="inf", SLOW_FAILURES="0", **STALLS_SOON)
    wait_until(lambda: intake.ready, READY_SECONDS, "ready")
    heartline.send(events)
    assert intake.exit_code(STALL_SECONDS + END_SECONDS + SLACK_SECONDS) == Stalled.exit_code
    assert "Stalled: records wait and nothing was processed for 5 s" in intake.log
    assert logged(heartline) == ["ticket.opened"], "the ticket did not wait, and the message was not acknowledged"
    whole(heartline, events)


def test_a_blocked_event_loop_is_ended_by_the_watchdog_with_the_same_code(heartline: Heartline) -> None:
    events = list(simulate(seed=2, contacts=20, events=100, decisions=False))
    intake, scoring = heartline.start("intake"), heartline.start("scoring", program=STUCK, **STALLS_SOON)
    wait_until(lambda: intake.ready and scoring.ready, READY_SECONDS, "both ready")
    heartline.send(events)
    assert scoring.exit_code(STALL_SECONDS + END_SECONDS + SLACK_SECONDS) == Stalled.exit_code
    assert "worker.killed" in scoring.log
    intake.stop()
    assert heartline.records(HEALTH_SCORES) == []
    whole(heartline, events)


def test_sigterm_is_obeyed_within_the_bound_though_the_classifier_hangs(heartline: Heartline) -> None:
    intake = heartline.start("intake", program=HANGING, SLOW_SECONDS="inf", SLOW_FAILURES="0")
    wait_until(lambda: intake.ready, READY_SECONDS, "ready")
    past = datetime.now(UTC) - timedelta(hours=1)
    message = MessageCreated(
        event_id="m1", occurred_at=past, contact="c1", message="m1", author="customer", text="Well."
    )
    heartline.send([message])
    time.sleep(1.0)
    intake.ask_to_end()
    assert intake.exit_code(END_SECONDS + SLACK_SECONDS) == 0
    whole(heartline, [message])


def test_sigterm_is_obeyed_within_the_bound_though_the_broker_hangs(heartline: Heartline) -> None:
    workers = started(heartline)
    load = flowing(heartline)
    heartline.broker.pause()
    asked = time.monotonic()
    for worker in workers:
        worker.ask_to_end()
    codes = [worker.exit_code(END_SECONDS + SLACK_SECONDS) for worker in workers]
    seconds = time.monotonic() - asked
    heartline.broker.resume()
    assert codes == [0, 0], [worker.log[-3000:] for worker in workers]
    assert seconds < END_SECONDS + SLACK_SECONDS
    load.stop()
    whole(heartline, load.sent)


def test_sigterm_is_obeyed_while_a_worker_starts_before_a_broker_that_hangs(heartline: Heartline) -> None:
    scoring = heartline.start("scoring")
    wait_until(lambda: "worker starts" in scoring.log, READY_SECONDS, "it has seen the topics")
    heartline.broker.pause()
    time.sleep(1.0)
    scoring.ask_to_end()
    assert scoring.exit_code(END_SECONDS + SLACK_SECONDS) == 0, scoring.log[-3000:]
    heartline.broker.resume()


def test_a_producer_that_is_fenced_while_its_worker_drains_loses_and_doubles_nothing(heartline: Heartline) -> None:
    _intake, scoring = started(heartline)
    load = flowing(heartline)
    for _ in range(5):
        fenced_while_it_drains(heartline, scoring)
        if "cycle.dropped" in scoring.log:
            break  # else it was stopped between two cycles, and had nothing to lose
        scoring = heartline.start("scoring")
    assert "cycle.dropped" in scoring.log
    load.stop()
    heartline.start("scoring")
    heartline.wait_settled()
    assert verdict(heartline, load.sent).problems == []


def fenced_while_it_drains(heartline: Heartline, scoring: TestWorker) -> None:
    """The worker is stopped; others take its transactional ids; then it goes on, and has been asked to end."""
    wait_until(lambda: scoring.ready, READY_SECONDS, "scoring ready")
    time.sleep(0.5)  # into its work
    scoring.pause()
    for turn in (0, 1):
        rival = Producer(
            {
                "bootstrap.servers": heartline.broker.bootstrap,
                "transactional.id": f"{heartline.settings.group('scoring')}-scoring-0-{turn}",
            }
        )
        rival.init_transactions(30)
    scoring.ask_to_end()
    scoring.resume()
    assert scoring.exit_code(END_SECONDS + SLACK_SECONDS) == 0, scoring.log[-3000:]


def logged(heartline: Heartline) -> list[str]:
    """The types of the facts of contacts in the log."""
    signals = (message.value() or b"" for message in heartline.records(HEALTH_SIGNALS) if message.key() is not None)
    return [signal.partition(b'"fact":{"type":"')[2].partition(b'"')[0].decode() for signal in signals]
