"""Each rule of docs/scoring.md has a scenario, or is named here with the test that shows it in another way."""

import re
from pathlib import Path

from tests.support.scenarios import load_all

ROOT = Path(__file__).parents[3]
SHOWN_ELSEWHERE = {"7.4": "tests/unit/models/health/test_fold.py"}
"""Rules that nothing of what goes out can show (drift is a metric), each with the file of its tests."""


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


def test_rules_shown_elsewhere_have_no_scenario_and_the_tests_exist() -> None:
    shown = {rule for scenario in load_all() for rule in scenario.rules}
    assert shown.isdisjoint(SHOWN_ELSEWHERE)
    assert [path for path in SHOWN_ELSEWHERE.values() if not (ROOT / path).is_file()] == []
