"""Every scenario, folded in this process."""

import pytest

from tests.support.scenario_checks import differences
from tests.support.scenario_runs import in_process
from tests.support.scenarios import Scenario, load_all


@pytest.mark.parametrize("scenario", load_all(), ids=lambda one: one.name)
def test_a_scenario_ends_as_it_says(scenario: Scenario) -> None:
    assert differences(scenario, in_process(scenario)) == []
