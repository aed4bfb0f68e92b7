"""The factors that tickets are measured by (2-scoring §3)."""

import pytest

from models.health.errors import ModelError
from schemas.base import from_milliseconds
from schemas.signals import ContactFact
from tests.unit.models.health import building as b
from tests.unit.models.health.building import message, opened, reopened, replied, solved, updated
from tests.unit.models.health.components.measuring import crowd, measured, value

LINE = {"good": 0, "poor": 100}
"""Thresholds that leave the measure readable: a measure of 30 is a value of 0.7."""


def raw(name: str, days: float, *facts: ContactFact, **parameters: object) -> float | None:
    found = value(name, days, *facts, **LINE, **parameters)
    return None if found is None else round(100 * (1 - found), 9)


def tickets(*days: float, severity: str = "normal") -> list[ContactFact]:
    return [opened(day, f"{severity}-{day}", severity=severity) for day in days]


@pytest.mark.parametrize(("count", "expected"), [(1, 1.0), (2, 0.75), (3, 0.5), (5, 0.0), (9, 0.0)])
def test_open_tickets_falls_from_good_to_poor(count: int, expected: float) -> None:
    assert value("open_tickets", 9, *tickets(*range(count))) == expected


def test_pending_and_held_tickets_are_open_and_solved_and_closed_are_not() -> None:
    facts = [*tickets(0, 1, 2, 3), updated(4, "normal-0", status="pending"), updated(4, "normal-1", status="on_hold")]
    facts += [solved(4, "normal-2"), b.closed(4, "normal-3")]
    assert raw("open_tickets", 5, *facts) == 2


def test_open_tickets_beyond_the_list_are_counted() -> None:
    facts = tickets(*[number / 100 for number in range(230)])
    assert value("open_tickets", 9, *facts, good=0, poor=1000) == pytest.approx(1 - 0.23)


def test_a_ticket_that_went_to_another_contact_is_not_counted() -> None:
    facts = [*tickets(0, 1), updated(2, "normal-0", contact="bob", previous_contact="ada")]
    assert raw("open_tickets", 3, *facts) == 1


def test_ticket_count_is_of_sixty_days_or_of_the_window_or_of_all_time() -> None:
    facts = tickets(0, 30, 50, 61)
    assert raw("ticket_count", 61, *facts) == 3
    assert raw("ticket_count", 60, *facts) == 4
    assert raw("ticket_count", 61, *facts, window_days=12) == 2
    assert raw("ticket_count", 500, *facts, window_days=None) == 4


def test_no_ticket_in_the_window_is_a_count_of_none_and_no_ticket_ever_is_no_value() -> None:
    assert raw("ticket_count", 100, *tickets(0)) == 0
    assert value("ticket_count", 100, message(0)) is None


def test_tickets_that_left_the_list_are_still_counted() -> None:
    assert raw("ticket_count", 64, *crowd(), window_days=None) == 70
    assert raw("ticket_count", 64, *crowd(), window_days=90) == 70


def test_ticket_trend_compares_with_the_contacts_own_rate() -> None:
    before = tickets(0, 20, 40)
    assert raw("ticket_trend", 61, *before) == 0
    facts = [*before, *tickets(52, 55, 58, 60)]
    assert raw("ticket_trend", 61, *facts) == pytest.approx(4 / 14 / (3 / 60))


def test_ticket_trend_has_no_value_below_three_tickets_of_history() -> None:
    assert value("ticket_trend", 61, *tickets(0, 20, 55, 58, 60)) is None
    assert value("ticket_trend", 61, *tickets(0, 20, 55, 58, 60), min_history=2) is not None


def test_severity_is_the_mean_of_the_windows_known_severities() -> None:
    facts = [*tickets(0, severity="low"), *tickets(1, severity="urgent"), *tickets(2, severity="high")]
    assert raw("severity", 3, *facts) == pytest.approx(5 / 3)
    assert raw("severity", 60.5, *facts) == 2.5
    assert raw("severity", 70, *facts) is None


def test_the_latest_severity_of_a_ticket_counts() -> None:
    assert raw("severity", 3, *tickets(0), updated(1, "normal-0", severity="urgent")) == 3


def test_severity_trend_is_the_rise_over_the_sixty_days_before() -> None:
    facts = [*tickets(0, 10), *tickets(50, severity="urgent"), *tickets(51, severity="high")]
    assert raw("severity_trend", 60, *facts) == 1.5
    assert value("severity_trend", 60, *tickets(0, 10)) is None
    assert value("severity_trend", 60, *tickets(50, 51)) is None


def test_falling_severity_is_as_good_as_steady() -> None:
    assert value("severity_trend", 60, *tickets(0, severity="urgent"), *tickets(50, severity="low")) == 1.0


def waits(*hours: float) -> list[ContactFact]:
    facts = []
    for day, wait in enumerate(hours):
        facts += [opened(day, f"t{day}"), replied(day + wait / 24, f"t{day}", "agent")]
    return facts


def test_response_time_is_the_mean_or_the_median_in_hours() -> None:
    facts = [*waits(1, 2, 12), opened(4, "not answered yet")]
    assert raw("response_time", 5, *facts) == 5
    assert raw("response_time", 5, *facts, statistic="median") == 2
    assert raw("response_time", 61.5, *facts, statistic="median") == 12
    assert raw("response_time", 70, *facts) is None


def test_only_the_first_response_counts() -> None:
    assert raw("response_time", 5, *waits(3), replied(2, "t0", "agent")) == 3


def test_resolution_time_is_the_median_of_the_tickets_solved_in_the_window() -> None:
    facts = [*tickets(0, 1, 2), solved(0.5, "normal-0"), solved(2, "normal-1"), solved(5, "normal-2")]
    assert raw("resolution_time", 6, *facts) == 24
    assert raw("resolution_time", 60.6, *facts) == 48
    assert value("resolution_time", 66, *facts) is None


def test_a_ticket_opened_again_is_not_solved() -> None:
    assert raw("resolution_time", 6, *tickets(0), solved(1, "normal-0")) == 24
    assert raw("resolution_time", 6, *tickets(0), solved(1, "normal-0"), reopened(2, "normal-0")) is None


def test_the_times_of_an_export_count_as_those_of_single_events_do() -> None:
    hours = {"opened_at": 0.0, "first_responded_at": 4 / 24, "solved_at": 48 / 24}
    times = {name: from_milliseconds(b.ms(days)) for name, days in hours.items()}
    facts = [updated(2, "t", status="solved", **times)]
    assert (raw("response_time", 4, *facts), raw("resolution_time", 4, *facts)) == (4, 48)


def test_interactions_per_ticket_counts_both_sides_of_the_tickets_touched_in_the_window() -> None:
    facts = [*tickets(0, 1), replied(2, "normal-0", "agent"), replied(3, "normal-0", "customer")]
    facts += [message(4, ticket="normal-1"), message(5, None, author="agent", ticket="normal-1")]
    facts += [message(6, ticket="normal-1")]
    assert raw("interactions_per_ticket", 7, *facts) == 2.5
    assert raw("interactions_per_ticket", 64, *facts) == 3
    assert raw("interactions_per_ticket", 67, *facts) is None


def test_a_message_sent_as_a_reply_too_counts_once() -> None:
    facts = [*tickets(0), message(1, message="m", ticket="normal-0"), replied(1, "normal-0", "customer", message="m")]
    assert raw("interactions_per_ticket", 2, *facts) == 1


def test_tickets_without_a_known_message_say_nothing_of_interactions() -> None:
    assert value("interactions_per_ticket", 2, *tickets(0, 1)) is None


@pytest.mark.parametrize(("count", "expected"), [(1, 1.0), (4, 1.0), (5, 5 / 6), (7, 0.5), (10, 0.0), (12, 0.0)])
def test_too_much_support_is_unhealthy(count: int, expected: float) -> None:
    assert value("support_load", 20, *tickets(*range(count))) == pytest.approx(expected)


def test_no_contact_with_support_is_unhealthy_too() -> None:
    assert value("support_load", 20, b.answer(0, 9)) == 0.0
    assert value("support_load", 100, *tickets(0)) == 0.0
    assert value("support_load", 20, b.profile(0)) is None


def test_conversations_without_a_ticket_are_support_too_and_those_of_tickets_count_once() -> None:
    facts = [*tickets(0), message(0.1, ticket="normal-0"), message(1, conversation="c"), message(2, conversation="c")]
    found = measured("support_load", 3, *facts, message(2, None, author="agent", conversation="d"), good=[2, 2])
    assert found is not None
    assert (found.value, found.observations) == (1.0, 2)


@pytest.mark.parametrize("bad", [{"low": 1}, {"high": 4}, {"good": [3, 2]}])
def test_the_edges_of_support_load_must_rise(bad: dict[str, object]) -> None:
    with pytest.raises(ModelError, match=r"components\.support_load: .*must rise"):
        value("support_load", 0, **bad)
