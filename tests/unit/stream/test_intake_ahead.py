"""While a run of messages is classified the next one already is; what comes of them keeps its order and its bound."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from models.sentiment.port import Reading
from schemas.catalogue import HEALTH_SIGNALS, SUPPORT_MESSAGES
from schemas.decoding import encode
from schemas.messages import MessageCreated
from stream.dataplane import Run
from stream.dead_letters import Limit
from stream.errors import DeadLetterLimit
from stream.intake import RUNS, Intake, Sentiment
from stream.metrics import Metrics
from tests.unit.stream.fakes import FakePlane, run_of

SECONDS = 20.0
NOW = 1_772_323_200_000
SLOW = "slow"


class FakeDirectory:
    """Knows the default tenant."""

    tenants = frozenset({"default"})

    async def catch_up(self) -> None:
        """There is nothing more to know."""


class TwoAtOnce:
    """Reads nothing before two calls are under way; then the call that came second is done first."""

    name, version = "two", "1"

    def __init__(self) -> None:
        self._both = threading.Barrier(2)
        self._second_is_done = threading.Event()

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        self._both.wait(SECONDS)
        if texts[0] == SLOW:
            assert self._second_is_done.wait(SECONDS)
        else:
            threading.Timer(0.1, self._second_is_done.set).start()
        return [Reading(label="neutral", confidence=0.5) for _ in texts]

    def close(self) -> None:
        """Nothing to give back."""


class Held(TwoAtOnce):
    """Reads nothing before it may."""

    def __init__(self) -> None:
        self.may = threading.Event()

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        assert self.may.wait(SECONDS)
        return [Reading(label="neutral", confidence=0.5) for _ in texts]


def intake_with(classifier: TwoAtOnce, share: float = 1.0) -> tuple[Intake, FakePlane]:
    plane, metrics = FakePlane(), Metrics("intake")
    fakes: tuple[Any, Any] = plane, FakeDirectory()
    sentiment = Sentiment(classifier, metrics, lambda: None)
    return Intake(*fakes, sentiment, Limit(share), metrics, {HEALTH_SIGNALS: 1}, lambda: NOW), plane


def run_with(text: str, partition: int) -> Run:
    created = MessageCreated(
        event_id=f"e{partition}", occurred_at=datetime(2026, 2, 28, tzinfo=UTC), contact="c", message="m",
        author="customer", text=text,
    )  # fmt: skip
    return run_of(SUPPORT_MESSAGES, encode(created), partition=partition)


async def test_two_runs_are_classified_at_once_and_logged_in_the_order_in_which_they_came() -> None:
    intake, plane = intake_with(TwoAtOnce())
    runs = [run_with(SLOW, 0), run_with("quick", 1)]
    await asyncio.wait_for(intake.agent(runs), SECONDS)
    assert [sent.headers["ce_id"] for sent in plane.sent] == [b"e0", b"e1"]
    assert plane.current is not None
    assert plane.current.finished == runs


async def test_no_more_runs_are_taken_than_are_in_hand() -> None:
    classifier = Held()
    intake, plane = intake_with(classifier)
    taken: list[int] = []

    async def endless(stream: int) -> AsyncIterator[Run]:
        for partition in range(stream):
            taken.append(partition)
            yield run_with("held", partition)

    plane.runs = endless  # type: ignore[method-assign,assignment]
    agent = asyncio.create_task(intake.agent(3 * RUNS))
    await asyncio.sleep(0.2)
    assert len(taken) == RUNS
    classifier.may.set()
    await asyncio.wait_for(agent, SECONDS)
    assert len(plane.sent) == len(taken) == 3 * RUNS


async def test_a_run_that_ends_the_worker_does_so_by_its_own_name_whatever_else_is_in_hand() -> None:
    classifier = Held()
    intake, plane = intake_with(classifier, share=0.5)
    bad = run_of(SUPPORT_MESSAGES, *[b"{"] * 1000, partition=1)
    try:
        with pytest.raises(DeadLetterLimit):
            await asyncio.wait_for(intake.agent([bad, run_with("held", 0)]), SECONDS)
    finally:
        classifier.may.set()
    assert plane.current is not None
    assert plane.current.finished == []


async def test_an_agent_that_is_called_off_leaves_nothing_under_way() -> None:
    classifier = Held()
    intake, plane = intake_with(classifier)
    agent = asyncio.create_task(intake.agent([run_with("held", 0), run_with("held", 1)]))
    await asyncio.sleep(0.1)
    agent.cancel()
    with pytest.raises(asyncio.CancelledError):
        await agent
    classifier.may.set()
    await asyncio.sleep(0.1)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert plane.sent == []
