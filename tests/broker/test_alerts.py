"""A dwell ends by the clock of the log, over a real broker: the alert waits for no signal, and for no morning."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from confluent_kafka import Message

from schemas.base import Event, to_milliseconds
from schemas.catalogue import HEALTH_ALERTS
from schemas.control import ModelPublished
from schemas.decoding import decode_record
from schemas.scores import AlertRaised
from schemas.surveys import SurveyAnswered
from tests.support.heartline import Heartline, wait_until
from tests.support.kafka import KafkaBroker
from tests.support.quick_clock import SECONDS

pytestmark = pytest.mark.timeout(180)

QUICK_CLOCK = ("-m", "tests.support.quick_clock")
DWELL = timedelta(seconds=6)
SLACK_SECONDS = 20
"""For a machine that has other things to do."""
MODEL = {
    "version": "impatient",
    "components": {"nps": {}},
    "alerts": {"contact_health_declined": {"dwell_minutes": DWELL.total_seconds() / 60}},
}


class Desk:
    """Contacts of the default tenant, a quick clock, and who is told of them."""

    def __init__(self, heartline: Heartline) -> None:
        self.heartline = heartline
        self._events = 0
        heartline.start("intake", program=QUICK_CLOCK)
        self.scoring = heartline.start("scoring")
        document = msgspec.Raw(msgspec.json.encode(MODEL))
        self._say(ModelPublished, version="impatient", model=document, author="carol")
        heartline.wait_settled()  # a survey may not overtake the model: what another model has put at risk is not told

    def _say(self, event: type[Event], **facts: Any) -> None:
        self._events += 1
        self.heartline.send([event(event_id=f"e{self._events}", occurred_at=datetime.now(UTC), **facts)])

    def fall(self, contact: str) -> None:
        """The contact comes to be at risk, and nothing is heard of it afterwards; returns when that is published."""
        self._say(SurveyAnswered, contact=contact, kind="nps", value=1, scale_min=0, scale_max=10)
        wait_until(lambda: ("default", contact) in self.heartline.final_scores(), 60, f"a score of {contact}")

    def alerts(self, contact: str) -> list[tuple[Message, AlertRaised]]:
        """What was told of a contact, and the records that say it."""
        told = [
            (record, decode_record(HEALTH_ALERTS, record.value())) for record in self.heartline.records(HEALTH_ALERTS)
        ]
        return [
            (record, alert) for record, alert in told if isinstance(alert, AlertRaised) and alert.contact == contact
        ]

    def the_alert(self, contact: str) -> tuple[Message, AlertRaised]:
        """The only alert of a contact, also when some more clocks have passed."""
        wait_until(lambda: bool(self.alerts(contact)), 60, f"an alert of {contact}")
        time.sleep(2 * SECONDS)
        (told,) = self.alerts(contact)
        return told


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with KafkaBroker() as broker:
        running = Heartline(broker, tmp_path_factory.mktemp("heartline"))
        running.create_topics()
        try:
            yield Desk(running)
        finally:
            running.stop()


def assert_ended_by_the_clock(alert: AlertRaised) -> None:
    assert (alert.kind, alert.score, alert.first_time, alert.late) == ("contact_health_declined", 10, True, False)
    assert alert.since is not None
    assert alert.at - alert.since == DWELL
    assert alert.cause.type == "clock"


def test_an_alert_goes_out_once_when_its_dwell_has_ended_by_the_clock(desk: Desk) -> None:
    desk.fall("ann")
    record, alert = desk.the_alert("ann")
    assert_ended_by_the_clock(alert)
    written = record.timestamp()[1] / 1000
    assert 0 <= written - to_milliseconds(alert.at) / 1000 <= SECONDS + SLACK_SECONDS, "neither before nor long after"


@pytest.mark.parametrize("after", [timedelta(0), DWELL], ids=["while it waits", "as it falls due"])
def test_so_does_that_of_a_worker_that_was_killed(desk: Desk, after: timedelta) -> None:
    contact = f"bob{after.seconds}"
    desk.fall(contact)
    time.sleep(after.total_seconds())
    desk.scoring.kill()
    time.sleep(DWELL.total_seconds())
    desk.scoring = desk.heartline.start("scoring")
    _, alert = desk.the_alert(contact)
    assert_ended_by_the_clock(alert)
