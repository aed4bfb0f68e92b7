"""Scenario files: `tests/scenarios/*.yaml`, a rule of docs/scoring.md each. CONTRIBUTING.md says how to write one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from models.health.errors import ModelError
from schemas.scores import (
    AccountScoreUpdated,
    AlertRaised,
    ComponentScore,
    ContactForgotten,
    PortfolioScoreUpdated,
    ScoreClosed,
    ScoreUpdated,
)
from tests.support.scenario_events import CUSTOMER, Happening, happenings
from tests.support.scenario_times import DAY_MS, END, moment

FOLDER = Path(__file__).parents[1] / "scenarios"
_KEYS = {"rules", "title", "until", "model", "events", "expect"}
_RULE = re.compile(r"\d{1,2}\.\d{1,2}")
LISTS: dict[str, tuple[type, str]] = {
    "alerts": (AlertRaised, "kind"),
    "closes": (ScoreClosed, "score"),
    "receipts": (ContactForgotten, "contact"),
}
"""What is expected as a list: all of a contact up to then. A bare value means this field."""
_WORDS = {"bands", "causes", "records"}
_LISTED = {"contact": {*LISTS} | _WORDS, "account": {"alerts"}}
_OF: dict[str, type] = {"contact": ScoreUpdated, "account": AccountScoreUpdated, "portfolio": PortfolioScoreUpdated}


class ScenarioError(ValueError):
    """A scenario file is not as it has to be: the message names the file and the place in it."""


class Expectation(NamedTuple):
    """What `subject` (its `kind`: contact, account, portfolio) is expected to be at a time (None: at the end)."""

    place: str
    kind: str
    subject: str
    at: int | None
    fields: dict[str, Any]


class Scenario(NamedTuple):
    """A scenario; its name is its tenant, `start` the beginning of its day 0 (UTC milliseconds)."""

    name: str
    rules: list[str]
    title: str
    start: int
    happenings: list[Happening]
    expectations: list[Expectation]

    @property
    def has_rollups(self) -> bool:
        """Whether it expects something of accounts or portfolios."""
        return any(one.kind != "contact" for one in self.expectations)


def load_all(folder: Path = FOLDER) -> list[Scenario]:
    """All scenarios, by their names."""
    return [load(path) for path in sorted(folder.glob("*.yaml"))]


def load(path: Path) -> Scenario:
    """A scenario. Raises ScenarioError."""
    try:
        read = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path.name}: {error}") from error
    try:
        return _scenario(path.stem, read)
    except ValueError as error:
        raise ScenarioError(f"{path.name}: {error}") from error


def _scenario(name: str, read: Any) -> Scenario:
    if not re.fullmatch(r"[a-z0-9-]{1,63}", name):
        raise ValueError("the name of the file is that of a tenant: small letters, digits and hyphens")
    if not isinstance(read, dict) or not read.keys() <= _KEYS or not _KEYS - read.keys() <= {"model"}:
        raise ValueError(f"a scenario has {', '.join(sorted(_KEYS))} (`model` may be left out) and nothing else")
    rules = read["rules"]
    if not isinstance(rules, list) or not all(isinstance(one, str) and _RULE.fullmatch(one) for one in rules):
        raise ValueError('rules: a list of rules of docs/scoring.md in quotes, as in ["2.3"]')
    if moment(read["until"]) % DAY_MS:
        raise ValueError("until: a scenario ends with a day, as in `until: day 9`")
    start = END - DAY_MS - moment(read["until"])
    told = list(_events(read, name, start))
    told.sort(key=lambda one: one.at)
    if any(one.at >= END for one in told):
        raise ValueError("events: one of them is after `until`")
    if "model" in read:
        with_model = _placed("model", {"at": "day 0", "model": read["model"]}, 0, name, start)
        told[:0] = [one._replace(at=min(one.at, told[0].at if told else one.at)) for one in with_model]
    expected = [_expectation(f"expect[{number}]", one, start) for number, one in enumerate(read["expect"], 1)]
    if not expected:
        raise ValueError("expect: a scenario without expectations shows nothing")
    return Scenario(name, rules, str(read["title"]), start, told, expected)


def _events(read: Any, name: str, start: int) -> Iterator[Happening]:
    for number, line in enumerate(read["events"], 1):
        yield from _placed(f"events[{number}]", line, number, name, start)


def _placed(place: str, line: Any, number: int, name: str, start: int) -> list[Happening]:
    try:
        return list(happenings(line, number, name, start))
    except (ValueError, TypeError, ModelError) as error:
        raise ValueError(f"{place}: {error}") from error


def _expectation(place: str, read: Any, start: int) -> Expectation:
    if not isinstance(read, dict):
        raise ValueError(f"{place}: a block of fields is needed")
    fields = dict(read)
    kind = next((kind for kind in _OF if kind in fields), "contact")
    subject = str(fields.pop(kind, CUSTOMER))
    at = start + moment(fields.pop("at")) if "at" in fields else None
    if at is not None and (kind != "contact" or "receipts" in fields):
        raise ValueError(f"{place}: of accounts, portfolios and receipts only the end is known: leave out `at`")
    known = {*_OF[kind].__struct_fields__} | _LISTED.get(kind, set())
    _check(place, fields, known)
    if not fields:
        raise ValueError(f"{place}: nothing is expected")
    for name, value in (fields.get("components") or {}).items():
        if isinstance(value, dict):
            _check(f"{place}.components.{name}", value, {*ComponentScore.__struct_fields__})
    for name, (record, bare) in LISTS.items():
        if name in fields and name in _LISTED.get(kind, ()):
            listed = [one if isinstance(one, dict) else {bare: one} for one in fields[name]]
            for number, one in enumerate(listed, 1):
                _check(f"{place}.{name}[{number}]", one, {*record.__struct_fields__})
            fields[name] = listed
    return Expectation(place, kind, subject, at, fields)


def _check(place: str, fields: dict[str, Any], known: set[str]) -> None:
    if unknown := fields.keys() - known:
        raise ValueError(f"{place}: there is no {', '.join(sorted(unknown))}; there are: {', '.join(sorted(known))}")
