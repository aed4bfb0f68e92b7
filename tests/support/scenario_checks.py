"""What came of a scenario against what it expects, whichever way it was run."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec

from schemas.base import from_milliseconds, to_milliseconds
from schemas.scores import (
    AccountScoreUpdated,
    AlertRaised,
    BandChanged,
    ContactForgotten,
    Output,
    PortfolioScoreUpdated,
    ScoreClosed,
    ScoreUpdated,
)
from tests.support.scenario_times import is_moment, moment
from tests.support.scenarios import LISTS, Expectation, Scenario

TOLERANCE = 0.0005
"""Numbers in scenarios have three decimals at most."""
ORGANISATION = "organisation"


@dataclass
class Outcome:
    """All that went out of one tenant, in order. `scores` by contact; None is a score that was taken back."""

    scores: dict[str, list[ScoreUpdated | None]] = field(default_factory=dict)
    bands: list[BandChanged] = field(default_factory=list)
    closes: list[ScoreClosed] = field(default_factory=list)
    alerts: list[AlertRaised] = field(default_factory=list)
    receipts: list[ContactForgotten] = field(default_factory=list)
    accounts: dict[str, AccountScoreUpdated] = field(default_factory=dict)
    portfolios: dict[str, PortfolioScoreUpdated] = field(default_factory=dict)


def differences(scenario: Scenario, outcome: Outcome) -> list[str]:
    """Where the outcome is another than expected: no line if it is as it should be."""
    return [
        f"{scenario.name}: {one.place}.{line}"
        for one in scenario.expectations
        for line in _Check(scenario, outcome, one).differences()
    ]


class _Check:
    def __init__(self, scenario: Scenario, outcome: Outcome, expectation: Expectation) -> None:
        self._scenario = scenario
        self._outcome = outcome
        self._expected = expectation

    def differences(self) -> Iterator[str]:
        expected = self._expected
        record = self._record()
        for name, value in expected.fields.items():
            if name == "alerts" or (expected.kind == "contact" and name in (*LISTS, "bands", "causes", "records")):
                yield from self._same(name, value, self._history(name, value))
            elif record is None:
                if value is not None:
                    yield f"{name}: expected {value!r}, but there is no record"
            else:
                yield from self._same(name, value, _plain(getattr(record, name)))

    def _record(self) -> Any:
        expected = self._expected
        if expected.kind == "account":
            return self._outcome.accounts.get(expected.subject)
        if expected.kind == "portfolio":
            portfolios = self._outcome.portfolios
            return _organisation(portfolios) if expected.subject == ORGANISATION else portfolios.get(expected.subject)
        records = self._outcome.scores.get(expected.subject, [])
        if expected.at is None:
            return records[-1] if records else None
        return next(reversed(self._until(records)), None)

    def _until(self, records: Sequence[Any]) -> list[Any]:
        at = self._expected.at
        told = [one for one in records if one is not None]
        return told if at is None else [one for one in told if to_milliseconds(one.at) <= at]

    def _history(self, name: str, expected: Any) -> Any:
        scores = self._until(self._outcome.scores.get(self._expected.subject, []))
        if name == "records":
            return len(scores)
        if name == "causes":
            return [one.cause.type for one in scores]
        told = self._until(getattr(self._outcome, name))
        if self._expected.kind == "account":
            return [_plain(one) for one in told if one.contact is None and one.account == self._expected.subject]
        mine = [one for one in told if one.contact == self._expected.subject]
        return [one.to_band for one in mine] if name == "bands" else [_plain(one) for one in mine]

    def _same(self, place: str, expected: Any, actual: Any) -> Iterator[str]:
        if isinstance(expected, dict) and isinstance(actual, dict):
            for name, value in expected.items():
                yield from self._same(f"{place}.{name}", value, actual.get(name))
        elif isinstance(expected, list) and isinstance(actual, list):
            if len(expected) != len(actual):
                yield f"{place}: expected {len(expected)} ({expected}), there are {len(actual)}: {_brief(actual)}"
                return
            for number, (one, other) in enumerate(zip(expected, actual, strict=True), 1):
                yield from self._same(f"{place}[{number}]", one, other)
        elif isinstance(actual, dict) and "value" in actual and expected is not None:
            yield from self._same(place, expected, actual["value"])
        elif not self._equal(expected, actual):
            yield f"{place}: expected {expected!r}, it is {self._told(actual)!r}"

    def _equal(self, expected: Any, actual: Any) -> bool:
        if is_moment(expected) and isinstance(actual, date):
            then = from_milliseconds(self._scenario.start + moment(expected))
            return actual == then if isinstance(actual, datetime) else actual == then.date()
        if isinstance(expected, bool) or isinstance(actual, bool) or actual is None or expected is None:
            return expected is actual
        if isinstance(expected, int | float) and isinstance(actual, int | float):
            return math.isclose(expected, actual, rel_tol=0, abs_tol=TOLERANCE)
        return bool(expected == actual)

    def _told(self, actual: Any) -> Any:
        start = from_milliseconds(self._scenario.start)
        if isinstance(actual, datetime):
            return f"day {(actual - start).days} {actual:%H:%M:%S.%f}"[:-3]
        return f"day {(actual - start.date()).days}" if isinstance(actual, date) else actual


def _organisation(portfolios: dict[str, PortfolioScoreUpdated]) -> PortfolioScoreUpdated | None:
    """The organisation as a reader sums its parts: `accounts`, `scored`, `total` and `bands`, and nothing else."""
    parts = [one for name, one in portfolios.items() if name.startswith(f"{ORGANISATION}/")]
    if not parts:
        return None
    bands: Counter[str] = Counter()
    for part in parts:
        bands.update(part.bands)
    return PortfolioScoreUpdated(
        **{name: getattr(parts[0], name) for name in Output.__struct_fields__},
        portfolio=ORGANISATION,
        accounts=sum(part.accounts for part in parts),
        scored=sum(part.scored for part in parts),
        total=sum(part.total for part in parts),
        bands=dict(bands),
    )


def _brief(records: list[Any]) -> list[Any]:
    keep = ("kind", "at", "score", "cause", "day", "contact")
    return [{key: one[key] for key in keep if key in one} if isinstance(one, dict) else one for one in records]


def _plain(value: Any) -> Any:
    """As builtin types, with times as they are and fields that have their defaults."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
