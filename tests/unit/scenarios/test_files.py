"""Scenario files: what is wrong in one is named with its place, and what is expected but does not come is seen."""

from pathlib import Path

import pytest

from tests.support.scenario_checks import differences
from tests.support.scenario_runs import in_process
from tests.support.scenarios import ScenarioError, load

GOOD = """\
rules: ["3.1"]
title: The latest answer counts
until: day 1
events:
  - {at: day 0 09:00, nps: 7}
expect:
  - {score: 85, bands: [champion], alerts: []}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "one.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ('["3.1"]', "[3.1]", "rules"),
        ("until: day 1", "until: day 1 10:00", "until"),
        ("until: day 1", "until: day -1", "events: one of them is after `until`"),
        ("day 0 09:00", "yesterday", r"events\[1\]: 'yesterday' is no time"),
        ("nps: 7", "nps: 11", r"events\[1\]: .*off its scale"),
        ("nps: 7", "nps: 7, mood: good", r"events\[1\]: `nps` has no mood"),
        ("nps: 7", "nps: 7, csat: 4", r"events\[1\]: a line says one thing"),
        ("nps: 7", "nps: 7, times: 2", r"events\[1\]: `times` and `every` go together"),
        ("nps: 7", "model: {components: {luck: {}}}", r"events\[1\]: .*luck"),
        ("score: 85", "scroe: 85", r"expect\[1\]: there is no scroe"),
        ("score: 85", "components: {nps: {worth: 1}}", r"expect\[1\].components.nps: there is no worth"),
        ("alerts: []", "alerts: [{name: tone}]", r"expect\[1\].alerts\[1\]: there is no name"),
        ("score: 85, bands: [champion], alerts: []", "", r"expect\[1\]: nothing is expected"),
        ("title:", "headline:", "a scenario has"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_place(tmp_path: Path, good: str, bad: str, words: str) -> None:
    assert good in GOOD
    with pytest.raises(ScenarioError, match=rf"one\.yaml: {words}"):
        load(written(tmp_path, GOOD.replace(good, bad)))


def test_a_good_file_has_no_differences(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, GOOD))
    assert differences(scenario, in_process(scenario)) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("score: 85", "score: 84"),
        ("score: 85", "score: null"),
        ("score: 85", "trend: improving"),
        ("score: 85", "components: {nps: 0.701}"),
        ("score: 85", "components: {nps: null}"),
        ("score: 85", "components: {csat: 0.5}"),
        ("score: 85", "last_activity_at: day 0 09:01"),
        ("score: 85", "at: day 0 08:00, score: 85"),
        ("score: 85", "records: 2"),
        ("score: 85", "closes: [{day: day 0, score: 85}]"),
        ("[champion]", "[]"),
        ("alerts: []", "alerts: [tone]"),
        ("{score: 85, bands: [champion], alerts: []}", "{account: acme, score: 85}"),
    ],
)
def test_what_is_expected_but_is_not_so_is_a_difference(tmp_path: Path, good: str, bad: str) -> None:
    assert good in GOOD
    scenario = load(written(tmp_path, GOOD.replace(good, bad)))
    assert differences(scenario, in_process(scenario)) != []
