"""Each rule of docs/scoring.md has a scenario, or is named here with the test that shows it in another way."""

import ast
import re
from pathlib import Path

from tests.support.scenarios import load_all

ROOT = Path(__file__).parents[3]
_SCORING, _ACCOUNT_ALERTS = "stream/test_scoring.py", "models/health/rollup/test_account_alerts.py"
SHOWN_ELSEWHERE = {"7.4": {f"{_SCORING}::test_a_score_that_the_facts_do_not_give_is_counted_as_drift"}}
"""Rules that nothing of what goes out can show (drift is a metric), each with its tests in tests/unit."""
SHOWN_IN_PART = {
    "7.8": {f"{_SCORING}::test_what_still_comes_of_an_erased_contact_is_dropped_and_counted"},
    "9.13": {
        f"{_ACCOUNT_ALERTS}::test_each_change_of_the_decision_maker_is_told_and_the_first_one_is_none",
        f"{_ACCOUNT_ALERTS}::test_a_change_of_the_decision_maker_long_ago_is_not_told",
    },
}
"""Rules that have a scenario, and a part that it cannot show: a metric, or a moment that is not the same through
workers that read a finished log (what contacts give to their account comes after it).
"""


def rules() -> list[str]:
    """The rules of the specification, in its order."""
    return re.findall(r"^- \*\*(\d+\.\d+)\*\*", (ROOT / "docs" / "scoring.md").read_text(), re.MULTILINE)


def test_every_rule_has_a_scenario() -> None:
    shown = {rule for scenario in load_all() for rule in scenario.rules}
    without = [rule for rule in rules() if rule not in shown and rule not in SHOWN_ELSEWHERE]
    assert without == [], f"rules of docs/scoring.md without a scenario in tests/scenarios/: {', '.join(without)}"


def test_every_scenario_is_of_a_rule_that_there_is() -> None:
    known = set(rules())
    assert len(known) == len(rules()) > 80, "each number is given once"
    strangers = {(scenario.name, rule) for scenario in load_all() for rule in scenario.rules if rule not in known}
    assert strangers == set()


def test_there_are_at_least_sixty_scenarios_and_no_title_twice() -> None:
    titles = [scenario.title for scenario in load_all()]
    assert len(titles) == len(set(titles)) >= 60


def test_rules_shown_elsewhere_have_no_scenario_and_those_shown_in_part_have_one() -> None:
    shown = {rule for scenario in load_all() for rule in scenario.rules}
    assert shown.isdisjoint(SHOWN_ELSEWHERE)
    assert shown >= SHOWN_IN_PART.keys()
    assert {*rules()} >= SHOWN_ELSEWHERE.keys() | SHOWN_IN_PART.keys()


def test_tests_that_show_a_rule_name_it_and_are_known_here() -> None:
    """A test that shows a rule begins its docstring with it: "Rule 7.8: ..."."""
    told: dict[str, set[str]] = {}
    for path in (ROOT / "tests" / "unit").rglob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                named = re.match(r"Rule (\d+\.\d+): ", ast.get_docstring(node) or "")
                if named:
                    place = path.relative_to(ROOT / "tests" / "unit").as_posix()
                    told.setdefault(named[1], set()).add(f"{place}::{node.name}")
    assert told == SHOWN_ELSEWHERE | SHOWN_IN_PART
