"""Accounts and portfolios over a real broker, with workers that are killed in the middle."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.base import Event
from schemas.catalogue import HEALTH_ACCOUNT_SCORES, HEALTH_PORTFOLIO_SCORES
from schemas.decoding import decode_record
from schemas.headers import CE_ID, CE_TYPE
from schemas.profiles import AccountUpdated, ContactUpdated
from schemas.scores import AccountScoreUpdated, PortfolioScoreUpdated
from stream.settings import Stage
from stream.simulate import simulate
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

STAGES: tuple[Stage, ...] = ("intake", "scoring", "accounts", "portfolios")
WEIGHTS = {"low": 1, "medium": 2, "high": 3}


@pytest.fixture
def heartline(tmp_path: Path) -> Iterator[Heartline]:
    with KafkaBroker() as broker:
        running = Heartline(broker, tmp_path)
        running.create_topics()
        yield running
        running.stop()


def helpdesk() -> list[Event]:
    start = datetime.now(UTC) - timedelta(days=30)
    return list(simulate(seed=3, contacts=150, start=start, days=29, events=6000, decisions=False))


def test_accounts_and_portfolios_are_exact_whoever_is_killed(heartline: Heartline) -> None:
    events = helpdesk()
    workers = {stage: heartline.start(stage) for stage in STAGES}
    for part, stage in enumerate(("scoring", "accounts", "portfolios", "scoring")):
        heartline.send(events[part * len(events) // 4 : (part + 1) * len(events) // 4])
        workers[stage].kill()  # type: ignore[index]
        workers[stage] = heartline.start(stage)  # type: ignore[index,arg-type]
    heartline.wait_settled(240, quiet_seconds=4, stages=STAGES)
    heartline.wait_quiet()
    heartline.wait_settled(60, quiet_seconds=4, stages=STAGES)

    accounts: dict[str, AccountScoreUpdated] = final(heartline, HEALTH_ACCOUNT_SCORES)
    assert_accounts(accounts, heartline, events)
    assert_portfolios(final(heartline, HEALTH_PORTFOLIO_SCORES), list(accounts.values()))
    for topic in (HEALTH_ACCOUNT_SCORES, HEALTH_PORTFOLIO_SCORES):
        ids = Counter(dict(message.headers() or ())[CE_ID] for message in heartline.records(topic) if message.value())
        assert max(ids.values()) == 1, "no record is sent twice"
        types = {dict(message.headers() or ())[CE_TYPE] for message in heartline.records(topic) if message.value()}
        assert len(types) == 1


def final(heartline: Heartline, topic: str) -> dict[str, Any]:
    """The last record of each key."""
    found: dict[str, Any] = {}
    for message in heartline.records(topic):
        key = (message.key() or b"").decode()
        found.pop(key, None)
        if message.value() is not None:
            found[key] = decode_record(topic, message.value())
    return found


def assert_accounts(accounts: dict[str, AccountScoreUpdated], heartline: Heartline, events: list[Event]) -> None:
    scores = {contact: score for (_, contact), score in heartline.final_scores().items()}
    profiles: dict[str, ContactUpdated] = {}
    companies: dict[str, AccountUpdated] = {}
    for event in sorted(events, key=lambda one: (one.occurred_at, one.event_id)):
        if isinstance(event, ContactUpdated):
            profiles[event.contact] = event
        elif isinstance(event, AccountUpdated):
            companies[event.account] = event
    members: dict[str, list[str]] = defaultdict(list)
    for profile in profiles.values():
        if profile.account is not None:
            members[profile.account].append(profile.contact)
    assert {record.account for record in accounts.values()} == members.keys() | companies.keys()
    assert len(accounts) > 10
    for record in accounts.values():
        known = [scores[contact] for contact in members[record.account] if contact in scores]
        assert (record.members, record.scored) == (len(members[record.account]), len(known))
        assert record.bands == dict(Counter(score.band for score in known))
        if known:
            weights = sum(WEIGHTS[one.confidence] for one in known)
            assert record.mean == sum(WEIGHTS[one.confidence] * one.score for one in known) / weights


def assert_portfolios(portfolios: dict[str, PortfolioScoreUpdated], accounts: list[AccountScoreUpdated]) -> None:
    expected: dict[str, list[int]] = defaultdict(list)
    for record in accounts:
        if record.csm is not None and record.score is not None:
            expected[f"csm/{record.csm}"].append(record.score)
    told = {one.portfolio: one for one in portfolios.values()}
    assert expected
    for name, scores in expected.items():
        assert (told[name].scored, told[name].total) == (len(scores), sum(scores))
    parts = [one for one in told.values() if one.portfolio.startswith("organisation/")]
    assert sum(part.accounts for part in parts) == len(accounts)
    assert sum(part.total for part in parts) == sum(one.score for one in accounts if one.score is not None)
    assert any(part.closes for part in parts), "the day of the latest tick is closed"
