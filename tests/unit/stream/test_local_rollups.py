"""Accounts and portfolios of a simulated helpdesk, against a simple recomputation from what was sent."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest

from models.sentiment.vader import VaderClassifier
from schemas.base import Event
from schemas.messages import MessageCreated
from schemas.profiles import AccountUpdated, ContactUpdated
from schemas.scores import ScoreUpdated
from schemas.surveys import SurveyAnswered
from schemas.tickets import TicketOpened, TicketReplied
from stream.history import entries
from stream.imports import with_ticks
from stream.local import LocalFold
from stream.local_rollups import LocalRollups
from stream.simulate import simulate

START = datetime(2026, 1, 5, tzinfo=UTC)
END = START + timedelta(days=100, hours=4)
WEIGHTS = {"low": 1, "medium": 2, "high": 3}
SATISFACTION = {"csat", "star", "thumbs"}


@pytest.fixture(scope="module")
def events() -> list[Event]:
    told = simulate(seed=11, contacts=60, start=START, days=100, events=4000, decisions=False)
    return [event for event in told if event.occurred_at <= END]


@pytest.fixture(scope="module")
def outcome(events: list[Event]) -> tuple[LocalRollups, dict[str, ScoreUpdated]]:
    rollups, scores = LocalRollups(), {}
    local = LocalFold(rollups)
    for at, entry in entries(with_ticks(iter(events), until=END), VaderClassifier()):
        for _, reaction in local.log(entry, at):
            if reaction.score is not None:
                scores[reaction.score.contact] = reaction.score
    return rollups, scores


def latest(events: Sequence[Any]) -> Any:
    return max(events, key=lambda event: (event.occurred_at, event.event_id), default=None)


def share(answer: SurveyAnswered) -> float:
    return (answer.value - answer.scale_min) / (answer.scale_max - answer.scale_min)


class Truth:
    """What was sent, by contact and by account."""

    def __init__(self, events: list[Event]) -> None:
        self.profiles: dict[str, list[ContactUpdated]] = defaultdict(list)
        self.companies: dict[str, list[AccountUpdated]] = defaultdict(list)
        self.answers: dict[str, list[SurveyAnswered]] = defaultdict(list)
        self.opened: dict[str, TicketOpened] = {}
        self.responded: dict[str, datetime] = {}
        for event in events:
            match event:
                case ContactUpdated():
                    self.profiles[event.contact].append(event)
                case AccountUpdated():
                    self.companies[event.account].append(event)
                case SurveyAnswered():
                    self.answers[event.contact].append(event)
                case TicketOpened():
                    self.opened[event.ticket] = event
                case TicketReplied(author="agent") | MessageCreated(author="agent", ticket=str()):
                    first = self.responded.get(str(event.ticket), event.occurred_at)
                    self.responded[str(event.ticket)] = min(first, event.occurred_at)

    def members(self, account: str) -> list[str]:
        return [contact for contact, told in self.profiles.items() if latest(told).account == account]

    def answer(self, contact: str, kinds: set[str]) -> SurveyAnswered | None:
        found: SurveyAnswered | None = latest([one for one in self.answers[contact] if one.kind in kinds])
        return found

    def waits(self, members: list[str]) -> list[float]:
        tickets = (one for one in self.opened.values() if one.contact in members and one.ticket in self.responded)
        recent = (one for one in tickets if one.occurred_at >= END - timedelta(days=60))
        return [(self.responded[one.ticket] - one.occurred_at).total_seconds() // 1 for one in recent]


def test_an_account_says_what_its_contacts_were_told_to_be(
    events: list[Event], outcome: tuple[LocalRollups, dict[str, ScoreUpdated]]
) -> None:
    rollups, scores = outcome
    truth = Truth(events)
    names = {latest(told).account for told in truth.profiles.values()} - {None} | truth.companies.keys()
    assert {record.account for record in rollups.accounts.values()} == names
    assert len(names) >= 10
    for record in rollups.accounts.values():
        members = truth.members(record.account)
        known = [scores[contact] for contact in members if contact in scores]
        assert (record.members, record.scored) == (len(members), len(known))
        if known:
            weights = sum(WEIGHTS[one.confidence] for one in known)
            assert record.mean == sum(WEIGHTS[one.confidence] * one.score for one in known) / weights
            assert record.minimum == min(one.score for one in known)
            assert record.score is not None
            assert abs(record.score - record.mean) <= 0.5
        assert record.bands == {
            band: count
            for band in ("at_risk", "needs_attention", "healthy", "champion")
            if (count := sum(one.band == band for one in known))
        }
        _check_answers(record, truth, members)
        waits = truth.waits(members)
        assert record.responses == len(waits)
        if waits:
            assert record.response_mean_seconds == sum(waits) / len(waits)
            assert record.response_median_seconds == pytest.approx(median(waits), rel=1 / 16)
        company = latest(truth.companies[record.account])
        if company is not None:
            assert (record.seats, record.renewal_at, record.csm) == (company.seats, company.renewal_at, company.csm)


def _check_answers(record: Any, truth: Truth, members: list[str]) -> None:
    nps = [one for contact in members if (one := truth.answer(contact, {"nps"}))]
    if nps:
        promoters, detractors = (sum(share(one) >= 0.9 for one in nps), sum(share(one) <= 0.6 for one in nps))
        assert record.nps == 100 * (promoters - detractors) / len(nps)
    for kinds, mean, count in (
        (SATISFACTION, record.csat, record.csat_answers),
        ({"ces"}, record.ces, record.ces_answers),
    ):
        answers = [one for contact in members if (one := truth.answer(contact, kinds))]
        assert count == len(answers)
        if answers:
            assert mean == pytest.approx(sum(map(share, answers)) / len(answers), abs=1e-4)


def test_portfolios_say_what_their_accounts_say(outcome: tuple[LocalRollups, dict[str, ScoreUpdated]]) -> None:
    rollups, _ = outcome
    accounts = rollups.accounts.values()
    expected: dict[str, list[Any]] = defaultdict(list)
    for record in accounts:
        for kind, name in (("csm", record.csm), ("team", record.team), ("division", record.division)):
            if name is not None:
                expected[f"{kind}/{name}"].append(record)
    told = {one.portfolio: one for one in rollups.portfolios.values()}
    parts = [told.pop(name) for name in list(told) if name.startswith("organisation/")]
    assert told.keys() == expected.keys()
    for name, members in expected.items():
        scores = [one.score for one in members if one.score is not None]
        assert (told[name].accounts, told[name].total) == (len(members), sum(scores))
    assert sum(part.accounts for part in parts) == len(accounts)
    assert sum(part.total for part in parts) == sum(one.score for one in accounts if one.score is not None)
    assert all(part.closes for part in parts)
