import math

import pytest

from schemas.base import from_milliseconds
from stream.explaining import explained
from stream.story import Movement, Story, movement, tell
from tests.unit.models.health.building import answer, erased, message, ms, opened, override, restored
from tests.unit.stream.replay.logs import FactsLog, logged, simulated, tick


def moved(log: FactsLog, days: int = 7, end: float | None = None) -> Movement:
    found = movement(tell(log, "acme", "ada", None if end is None else ms(end)), days)
    assert found is not None
    return found


def told(found: Movement) -> list[tuple[str, float, str]]:
    return [(part.component, round(part.points, 6), part.words) for part in found.parts]


def test_what_moved_a_score_sums_to_its_change_for_everybody_at_any_time() -> None:
    log = simulated(contacts=12, days=30)
    contacts = sorted({(record.key or b"").decode().partition("/")[2] for _, record in log.entries if record.key})
    compared = 0
    for contact in contacts:
        whole = tell(log, "default", contact)
        for place in range(1, len(whole.scores) + 1):
            story = Story(now=whole.scores[place - 1][0], scores=whole.scores[:place])
            for days in (7, 30):
                found = movement(story, days)
                if found is not None:
                    compared += bool(found.parts)
                    assert math.fsum(part.points for part in found.parts) == pytest.approx(found.change, abs=1e-9)
                    assert found.change == found.after - (found.before or 0.0)
    assert compared > 100


def test_time_and_signals_are_told_apart_in_words() -> None:
    log = logged(opened(0, "t1"), tick(7.2), tick(14.2), opened(15, "t2"), tick(16.2))
    assert told(moved(log)) == [("engagement", 40.0, "by a ticket opened"), ("engagement", -20.0, "as time passed")]
    assert told(moved(log, 30)) == [
        ("engagement", 140.0, "by 2 tickets opened"),
        ("engagement", -40.0, "as time passed"),
    ]
    assert moved(log, 30).before is None


def test_a_component_that_only_weighs_otherwise_says_so() -> None:
    log = logged(opened(0, "t1"), tick(7.2), answer(8, 5), tick(8.2))
    found = told(moved(log, 7, end=9))
    assert ("nps", 25.0, "by an answer to a survey") in found
    assert sum(points for _, points, _ in found) == pytest.approx(moved(log, 7, end=9).change)
    again = told(moved(logged(opened(0, "t1"), answer(6.9, 5), message(7, "positive"), tick(7.2)), 30))
    assert ("nps", round(-50 / 6, 6), "weighs otherwise, by a message") in again


def test_an_erased_score_counts_as_lost_and_the_sum_still_holds() -> None:
    log = logged(answer(0, 9), erased(1), restored(2), answer(3, 4, event="e2"))
    found = moved(log, 30)
    assert ("score", "deleted") in [(part.component, part.words) for part in found.parts]
    assert math.fsum(part.points for part in found.parts) == pytest.approx(found.after, abs=1e-9)
    assert movement(tell(logged(answer(0, 9), erased(1)), "acme", "ada"), 30) is None


def test_a_band_set_by_hand_is_said_beside_the_components() -> None:
    log = logged(answer(0, 9), override(1, "at_risk"))
    assert moved(log).besides == (f"{from_milliseconds(ms(1)):%Y-%m-%d %H:%M} UTC: set to at risk by hand",)
    story = tell(log, "acme", "ada")
    assert story.latest is not None
    by_hand = explained(story.latest, story).override
    assert by_hand is not None
    assert (by_hand.band, by_hand.author, by_hand.reason) == ("at_risk", "carol", "we know better")


def test_the_past_is_told_as_it_was_known_then() -> None:
    log = logged(answer(0, 9), (10, answer(1, 0, event="late")))
    story = tell(log, "acme", "ada", ms(5))
    assert story.latest is not None
    assert story.latest.components["nps"].value == 0.9
    assert story.now == ms(5)


def test_a_record_that_the_log_does_not_lead_to_is_not_explained_by_it() -> None:
    story = tell(logged(answer(0, 9), answer(2, 3, event="e2")), "acme", "ada")
    first = story.scores[0][1]
    assert first is not None
    assert story.up_to(first) is not None
    other = tell(logged(answer(0, 8)), "acme", "ada").latest
    assert other is not None
    assert story.up_to(other) is None
    assert explained(other, None).not_told is not None
