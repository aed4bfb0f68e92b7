"""`docs/scoring.md` says what the code says."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.health.accounts.alerts.registry import ACCOUNT_ALERTS
from models.health.accounts.components.registry import ACCOUNT_COMPONENTS
from models.health.alerts.registry import ALERTS, AlertRule
from models.health.bands import BandEdges
from models.health.components.component import Component
from models.health.components.factor import Factor
from models.health.components.registry import COMPONENTS
from models.health.model import parse_model

PAGE = (Path(__file__).parents[5] / "docs" / "scoring.md").read_text()
TABLE = re.compile(r"^\| (`\w+`) \| (.+) \| (.*) ?\| (.+) \|$", re.M)
OF_COMPONENTS, OF_ALERTS, OF_ACCOUNTS = re.split(r"\n## (?:8\. Alerts|9\. Accounts)\n", PAGE)
ROWS = {cells[0].strip("`"): cells[1:] for cells in TABLE.findall(OF_COMPONENTS)}
OF_ACCOUNT_COMPONENTS, OF_ACCOUNT_ALERTS = OF_ACCOUNTS.split("\n| alert |")
ACCOUNT_ROWS = {cells[0].strip("`"): cells[1:] for cells in TABLE.findall(OF_ACCOUNT_COMPONENTS)}
ACCOUNT_ALERT_ROWS = {cells[0].strip("`"): cells[1:] for cells in TABLE.findall(OF_ACCOUNT_ALERTS)}
ALERT_ROWS = {cells[0].strip("`"): cells[1:] for cells in TABLE.findall(OF_ALERTS)}


def word(default: Any) -> str:
    """A default as the page writes it."""
    if isinstance(default, tuple):
        return " to ".join(map(word, default))
    return f"{default:g}" if isinstance(default, (int, float)) and not isinstance(default, bool) else str(default)


def parameters(kind: type[Component]) -> list[str]:
    """The parameters of a component beside weight and enabled, the thresholds first."""
    own = [field for field in msgspec.structs.fields(kind) if field.name not in ("weight", "enabled")]
    return [f"`{field.name}` {word(field.default)}" for field in own]


def test_the_table_has_every_component_in_the_order_of_the_registry() -> None:
    assert list(ROWS) == list(COMPONENTS)


@pytest.mark.parametrize("name", COMPONENTS)
def test_the_table_has_the_parameters_with_their_defaults(name: str) -> None:
    told = re.sub(r" \([^)]*\)", "", ROWS[name][1]).strip()
    assert sorted(told.split(", ") if told else []) == sorted(parameters(COMPONENTS[name]))


def test_the_table_of_accounts_has_every_component_with_its_parameters() -> None:
    assert list(ACCOUNT_ROWS) == list(ACCOUNT_COMPONENTS)
    for name, kind in ACCOUNT_COMPONENTS.items():
        said = [one for one in msgspec.structs.fields(kind) if one.name != "enabled"]
        told = ACCOUNT_ROWS[name][1].strip().split(", ")
        weights = [f"`weight` {word(kind().weight)}"] if any(one.startswith("`weight`") for one in told) else []
        assert sorted(told) == sorted(
            [f"`{one.name}` {word(one.default)}" for one in said if one.name != "weight"] + weights
        )


@pytest.mark.parametrize("name", [name for name, kind in COMPONENTS.items() if kind.grades])
def test_a_factor_names_the_same_source_in_its_docstring(name: str) -> None:
    said = re.search(r"Sources?:\s+([\d, \n]+)\.", COMPONENTS[name].__doc__ or "")
    assert said is not None
    assert " ".join(said.group(1).split()) == ROWS[name][2].strip()


@pytest.mark.parametrize(("rows", "kinds"), [(ALERT_ROWS, ALERTS), (ACCOUNT_ALERT_ROWS, ACCOUNT_ALERTS)])
def test_the_tables_of_alerts_have_every_kind_with_what_differs_from_the_defaults_of_all(rows: Any, kinds: Any) -> None:
    assert list(rows) == list(kinds)
    of_all = {field.name: field.default for field in msgspec.structs.fields(AlertRule)}
    for name, kind in kinds.items():
        defaults = msgspec.structs.asdict(kind().in_bands(BandEdges()))
        own = {field: default for field, default in defaults.items() if of_all.get(field) != default}
        told = rows[name][1].strip()
        said = [f"`{field}` {str(one).lower() if one is False else word(one)}" for field, one in own.items()]
        assert sorted(told.split(", ") if told else []) == sorted(said)
        assert f"Source: {rows[name][2].strip()}." in " ".join((kind.__doc__ or "").split())


def test_every_factor_has_a_rule_of_its_own() -> None:
    assert re.findall(r"^- \*\*5\.\d+\*\* `(\w+)`", PAGE, re.M) == [n for n, kind in COMPONENTS.items() if kind.grades]


def test_rules_are_numbered_without_a_gap() -> None:
    numbers = [tuple(map(int, number.split("."))) for number in re.findall(r"^- \*\*(\d+\.\d+)\*\*", PAGE, re.M)]
    for (section, rule), (next_section, next_rule) in pairwise(numbers):
        assert (next_section, next_rule) in ((section, rule + 1), (section + 1, 1))


def test_the_weight_that_the_page_tells_is_the_default() -> None:
    assert {kind().weight for kind in COMPONENTS.values() if not issubclass(kind, Factor)} == {25}
    assert "`weight` (25) and `enabled` (true)" in PAGE


def test_the_model_on_the_page_can_be_published() -> None:
    document = re.search(r"```json\n(.+?)```", PAGE, re.S)
    assert document is not None
    assert len(parse_model(document.group(1).encode()).components) == 3
