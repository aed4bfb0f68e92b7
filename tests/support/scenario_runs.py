"""Runs scenarios: each alone in this process, or all of them in one log, for the workers of a broker."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from heapq import merge
from typing import Any, NamedTuple

from schemas.base import Mode, from_milliseconds
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_SIGNALS
from schemas.keys import split_key
from schemas.scores import AlertRaised
from schemas.signals import Clock, Tick
from stream.imports import daily_ticks
from stream.local import LocalFold
from stream.local_rollups import LocalRollups
from stream.routing import Entry, route
from tests.support.scenario_checks import Outcome
from tests.support.scenario_times import DAY_MS, END
from tests.support.scenarios import Scenario

HOUR_MS = 3_600_000
_LOGS = (HEALTH_SIGNALS, HEALTH_ACCOUNT_SIGNALS)


class Timed(NamedTuple):
    """An entry of a log. At the same time the clock comes first and the tick last."""

    at: int
    rank: int
    entry: Entry
    mode: Mode


def timeline(scenarios: Iterable[Scenario]) -> Iterator[Timed]:
    """The entries of all scenarios, by time, with the ticks of all days and the clock of each hour.

    The record that something ends by the clock bears the time of its end: it is the same by a clock of each minute.
    """
    told = sorted(
        (
            Timed(one.at, 1, entry, one.mode)
            for scenario in scenarios
            for one in scenario.happenings
            for entry in route(one.event)
        ),
        key=lambda one: one.at,
    )
    first = told[0].at // DAY_MS * DAY_MS
    yield from merge(_clock(first), told, _ticks(first), key=lambda one: (one.at, one.rank))


def _clock(first: int) -> Iterator[Timed]:
    for at in range(first, END, HOUR_MS):
        for topic in _LOGS:
            yield Timed(at, 0, Entry(topic, None, Clock()), "live")


def _ticks(first: int) -> Iterator[Timed]:
    for due in daily_ticks(from_milliseconds(first), datetime.fromtimestamp(END / 1000, UTC)):
        for topic in _LOGS:
            at = round(due.at.timestamp() * 1000)
            yield Timed(at, 2, Entry(topic, None, Tick(day=due.day)), "live")


class _Rollups(LocalRollups):
    """Accounts and portfolios, and the alerts of accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.alerts: list[AlertRaised] = []

    def _on(self, reactions: list[Any]) -> None:
        for reaction in reactions:
            self.alerts += reaction.alerts
        super()._on(reactions)


def in_process(scenario: Scenario) -> Outcome:
    """What comes of a scenario by the fold alone, in one partition."""
    outcome = Outcome()
    rollups = _Rollups()
    local = LocalFold(rollups)
    for at, _, entry, mode in timeline([scenario]):
        for key, reaction in local.log(entry, at, mode):
            _, contact = split_key(key)
            scores = outcome.scores.setdefault(contact, [])
            if reaction.tombstone:
                scores.append(None)
            if reaction.score is not None:
                scores.append(reaction.score)
            outcome.alerts += reaction.alerts
            outcome.bands += _some(reaction.band)
            outcome.closes += _some(reaction.close)
            outcome.receipts += _some(reaction.gone and reaction.gone.receipt)
    outcome.alerts += rollups.alerts
    outcome.accounts = {_subject(key): record for key, record in rollups.accounts.items()}
    outcome.portfolios = {_subject(key): record for key, record in rollups.portfolios.items()}
    return outcome


def _some(record: Any) -> list[Any]:
    return [] if record is None else [record]


def _subject(key: bytes) -> str:
    """Of a key, what is behind the tenant."""
    return key.decode().partition("/")[2]
