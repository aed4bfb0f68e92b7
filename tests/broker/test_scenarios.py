"""Every scenario through real workers: all of them in one log, each in a tenant of its own."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.catalogue import (
    HEALTH_ACCOUNT_SCORES,
    HEALTH_ALERTS,
    HEALTH_BAND_CHANGES,
    HEALTH_PORTFOLIO_SCORES,
    HEALTH_RECEIPTS,
    HEALTH_SCORE_HISTORY,
    HEALTH_SCORES,
)
from schemas.decoding import decode_record
from stream.commands.importing import HISTORY_TOPICS
from stream.history import HistoryWriter, Logged
from stream.sending import Sender
from stream.settings import Stage
from stream.topics import Topics
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker
from tests.support.scenario_checks import Outcome, differences
from tests.support.scenario_runs import timeline
from tests.support.scenarios import Scenario, load_all

STAGES: tuple[Stage, ...] = ("scoring", "accounts", "portfolios")
LISTED = {
    HEALTH_BAND_CHANGES: "bands",
    HEALTH_SCORE_HISTORY: "closes",
    HEALTH_ALERTS: "alerts",
    HEALTH_RECEIPTS: "receipts",
}
LATEST = {HEALTH_ACCOUNT_SCORES: "accounts", HEALTH_PORTFOLIO_SCORES: "portfolios"}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    with KafkaBroker() as broker:
        heartline = Heartline(broker, tmp_path_factory.mktemp("heartline"))
        heartline.create_topics()
        try:
            write(heartline, load_all())
            for stage in STAGES:
                heartline.start(stage)
            heartline.wait_settled(300, quiet_seconds=4, stages=STAGES)
            heartline.wait_quiet()
            heartline.wait_settled(60, quiet_seconds=4, stages=STAGES)
            yield read(heartline)
        finally:
            heartline.stop()


def write(heartline: Heartline, scenarios: list[Scenario]) -> None:
    """As `heartline import --history` does, but for alerts: these go out as if it were happening now."""
    partitions = Topics(heartline.settings).require(HISTORY_TOPICS)
    with Sender(heartline.settings) as sender:
        history = HistoryWriter(sender, partitions)
        history.start()
        for at, _, entry, mode in timeline(scenarios):
            history.write(Logged(at, entry), mode)


def read(heartline: Heartline) -> dict[str, Outcome]:
    """What was committed, by tenant. Of a contact all is in one partition, in order."""
    found: dict[str, Outcome] = defaultdict(Outcome)
    for topic in (HEALTH_SCORES, *LISTED, *LATEST):
        for message in heartline.records(topic):
            tenant, _, subject = (message.key() or b"").decode().partition("/")
            record: Any = None if message.value() is None else decode_record(topic, message.value())
            if topic == HEALTH_SCORES:
                found[tenant].scores.setdefault(subject, []).append(record)
            elif topic in LISTED and record is not None:
                getattr(found[tenant], LISTED[topic]).append(record)
            elif topic in LATEST:
                latest = getattr(found[tenant], LATEST[topic])
                latest.pop(subject, None)
                if record is not None:
                    latest[subject] = record
    return found


@pytest.mark.parametrize("scenario", load_all(), ids=lambda one: one.name)
def test_a_scenario_ends_the_same_through_workers(scenario: Scenario, outcomes: dict[str, Outcome]) -> None:
    assert differences(scenario, outcomes[scenario.name]) == []
