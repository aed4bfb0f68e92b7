"""A classifier that fails and then is slow: messages wait in Kafka, and nothing else does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.catalogue import HEALTH_SIGNALS
from schemas.messages import MessageCreated
from schemas.tickets import TicketOpened
from tests.chaos.truth import verdict
from tests.oracle.logged import Json
from tests.support.heartline import Heartline, wait_until
from tests.support.kafka import KafkaBroker

SLOW = ("-m", "tests.support.slow_intake")
MESSAGES, TICKETS = 1_200, 30
FRESH_SECONDS = 5.0


def test_a_slow_classifier_holds_only_messages_back(tmp_path: Path) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    messages = [
        MessageCreated(
            event_id=f"m{n}", occurred_at=past, contact=f"c{n % 50}", message=f"m{n}", author="customer", text="Well."
        )
        for n in range(MESSAGES)
    ]
    tickets = [
        TicketOpened(event_id=f"t{n}", occurred_at=past, contact=f"ticket{n}", ticket=f"t{n}") for n in range(TICKETS)
    ]
    with KafkaBroker(tmp_path / "broker") as broker:
        heartline = Heartline(broker, tmp_path / "workers")
        heartline.create_topics()
        try:
            # Far longer in all than the watchdog waits for progress, and each of its batches shorter.
            slow = {"SLOW_SECONDS": "0.012", "SLOW_FAILURES": "2", "HEARTLINE_STALL_SECONDS": "6"}
            intake = heartline.start("intake", program=SLOW, **slow)
            scoring = heartline.start("scoring")
            wait_until(lambda: intake.ready and scoring.ready, 60, "both ready")
            heartline.send(messages)
            heartline.send(tickets)
            wait_until(lambda: scored_tickets(heartline) == TICKETS, FRESH_SECONDS, "fresh scores of tickets")
            waiting = MESSAGES + TICKETS - len(heartline.records(HEALTH_SIGNALS))
            assert waiting > MESSAGES / 2
            heartline.wait_settled()
            assert intake.running
            assert "classifier failed, messages wait" in intake.log
            assert verdict(heartline, [*messages, *tickets], all_neutral).problems == []
            intake.stop()
            assert "the classifier is closed" in intake.log
        finally:
            heartline.stop()


def all_neutral(_text: str) -> Json:
    """As `tests.support.slow_intake` reads."""
    return {"label": "neutral", "confidence": 1.0, "classifier": "slow 1"}


def scored_tickets(heartline: Heartline) -> int:
    """How many contacts of tickets have a score."""
    return sum(contact.startswith("ticket") for _, contact in heartline.final_scores())
