import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from models.health.alerts.registry import ALERTS
from schemas.base import from_milliseconds, to_milliseconds
from schemas.control import ModelPublished, OverrideSet
from schemas.decoding import encode
from schemas.signals import Clock, LoggedFact
from schemas.surveys import SurveyAnswered
from stream.commands.app import app
from stream.explaining import Explanation, explained
from stream.replay.folding import Chosen
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


def test_a_cap_and_its_height_are_said_beside_the_components() -> None:
    def published(days: float, cap: int) -> ModelPublished:
        urgent = {"name": "urgent", "when": {"open_ticket": {}}, "cap": cap}
        document = {"version": f"v{cap}", "components": {"engagement": {}}, "exceptions": [urgent]}
        return ModelPublished(
            event_id=f"m{cap}",
            occurred_at=from_milliseconds(ms(days)),
            tenant="acme",
            version=f"v{cap}",
            model=msgspec.Raw(msgspec.json.encode(document)),
            author="carol",
        )

    log = logged(opened(0, "t1"), published(1, 60), published(2, 25), published(3, 60))
    assert [line.partition(": ")[2] for line in moved(log).besides] == [
        "urgent caps the score at 60",
        "urgent caps the score at 25 instead of 60",
        "urgent caps the score at 60 instead of 25",
    ]


def held_back(*log: Any) -> tuple[str, ...]:
    """What is held back of a contact whose model has NPS alone, and of alerts on declines with a long cooldown only."""
    alerts = {name: {"enabled": False} for name in ALERTS} | {
        "contact_health_declined": {"cooldown_hours": 96},
        "no_recovery": {"solved": 0},
    }
    document = msgspec.json.encode({"version": "m", "components": {"nps": {}}, "alerts": alerts})
    story = tell(logged(*log), "acme", "ada", chosen=Chosen("acme", document))
    assert story.latest is not None
    return explained(story.latest, story).held_back


def test_what_is_held_back_says_what_it_waits_for_and_until_when() -> None:
    dwell, days = held_back(answer(0, 1), (1 / 1440, Clock()))
    assert dwell.endswith(
        "declined: holds since 2026-03-02 00:00 UTC, and is waiting for its dwell, until 2026-03-02 00:10 UTC"
    )
    assert days.endswith("and is waiting for its dwell, until 2026-03-16 00:00 UTC")
    raised, _ = held_back(answer(0, 1), (1, Clock()))
    assert raised.endswith("raised 2026-03-02 00:10 UTC, and not again before it has ended")
    cooldown, *_ = held_back(answer(0, 1), (1, Clock()), answer(1.1, 9), answer(1.2, 1))
    assert cooldown.endswith("and is waiting for its cooldown, until 2026-03-06 00:10 UTC")


def test_what_came_late_waits_for_the_daily_recompute() -> None:
    decline, days = held_back((3, answer(1, 1)))
    assert decline.endswith(
        "holds since 2026-03-05 00:00 UTC, and is waiting for the daily recompute, for it came late"
    )
    assert days.endswith(
        "waiting for the daily recompute, for it came late, the first one from 2026-03-19 00:00 UTC on"
    )
    over, *_ = held_back(answer(0, 1), (1, Clock()), (4, answer(2, 9)))
    assert over.endswith("and what ended it came late, and is waiting for the daily recompute")


def test_the_past_is_told_as_it_was_known_then() -> None:
    log = logged(answer(0, 9), (10, answer(1, 0, event="late")))
    story = tell(log, "acme", "ada", ms(5))
    assert story.latest is not None
    assert story.latest.components["nps"].value == 0.9
    assert story.now == ms(5)


def fallen() -> tuple[LoggedFact, ...]:
    """A contact that is fine, falls, and is set by hand."""
    low = answer(40, 0, event="e2"), answer(40, 1, kind="csat", event="e3"), message(40, "negative", event="e4")
    return answer(0, 8), *low, override(41, "healthy")


@pytest.mark.parametrize("hands_on", [True, False])
def test_nothing_of_the_past_is_read_off_what_came_later(hands_on: bool) -> None:
    log = logged(*fallen())._replace(hands_on=hands_on)

    def at(days: float) -> Explanation:
        story = tell(log, "acme", "ada", ms(days))
        assert story.latest is not None
        return explained(story.latest, story)

    assert (at(19).held_back, at(19).override) == ((), None)
    assert at(40).held_back == ()
    assert len(at(40.5).held_back) == 1
    assert (at(41).override, at(41).score.override) == (None, None)
    by_hand = at(41.1).override
    assert by_hand is not None
    assert by_hand.band == "healthy"


def test_a_moment_itself_is_not_before_it() -> None:
    log = logged(answer(0, 8), answer(3, 1, event="e2"))
    scores = [tell(log, "acme", "ada", ms(3) + more).latest for more in (0, 1)]
    assert [one and one.components["nps"].value for one in scores] == [0.8, 0.1]


def test_the_past_ends_where_the_contact_or_all_of_its_partition_gets_there() -> None:
    theirs = msgspec.structs.replace(answer(6, 5, event="e6"), contact="bob")
    late = answer(2, 1, event="late")
    log = logged(answer(0, 8), theirs, (4, late), (7, answer(3, 9, event="e3")), partitions=1)
    story = tell(log, "acme", "ada", ms(5))  # bob's clock is ahead of ada's
    assert len(story.scores) == 2
    stopped = tell(logged(answer(0, 8), tick(6), (4, late)), "acme", "ada", ms(5))
    assert len(stopped.scores) == 1


@pytest.mark.parametrize("hands_on", [True, False])
def test_what_ends_by_time_alone_has_ended_in_the_past_too(hands_on: bool) -> None:
    expiring = override(1, "at_risk", expires_at=from_milliseconds(ms(3)))
    log = logged(answer(0, 9), expiring, tick(20))._replace(hands_on=hands_on)
    before, after = (tell(log, "acme", "ada", ms(3) + more) for more in (0, 1))
    assert before.latest is not None
    assert after.latest is not None
    assert explained(before.latest, before).override is not None
    assert explained(after.latest, after).override is None
    assert (after.latest.band, after.latest.at) == ("champion", from_milliseconds(ms(3)))
    raised = tell(logged(*fallen(), tick(60)), "acme", "ada", ms(40.5))
    assert raised.latest is not None
    assert [alert.kind for alert in raised.alerts] == ["contact_health_declined"]
    assert "raised 2026-04-11 00:10 UTC" in explained(raised.latest, raised).held_back[0]


def test_each_record_of_the_past_is_the_one_that_went_out() -> None:
    log, compared = simulated(contacts=6, days=30), 0
    contacts = sorted({(record.key or b"").decode().partition("/")[2] for _, record in log.entries if record.key})
    for contact in contacts:
        whole = tell(log, "default", contact)
        for days in (-40, -30, -20):
            end = ms(days)
            story = tell(log, "default", contact, end)
            assert story.scores == [one for one in whole.scores if one[0] < end]
            assert story.bands == [one for one in whole.bands if to_milliseconds(one.at) < end]
            assert story.alerts == [one for one in whole.alerts if to_milliseconds(one.at) < end]
            compared += len(story.scores)
    assert compared > 50


def test_a_record_that_the_log_does_not_lead_to_is_not_explained_by_it() -> None:
    story = tell(logged(answer(0, 9), answer(2, 3, event="e2")), "acme", "ada")
    first = story.scores[0][1]
    assert first is not None
    assert story.up_to(first) is not None
    other = tell(logged(answer(0, 8)), "acme", "ada").latest
    assert other is not None
    assert story.up_to(other) is None
    assert explained(other, None).not_told is not None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A contact that is fine, falls, and is set by hand, as a file of events."""
    found, typed = tmp_path / "events.jsonl", SurveyAnswered | OverrideSet
    found.write_bytes(b"".join(encode(fact) + b"\n" for fact in fallen() if isinstance(fact, typed)))
    return found


def test_explain_at_a_time_does_not_look_into_the_future(file: Path) -> None:
    def said(days: float) -> Any:
        arguments = ["explain", "ada", "--tenant", "acme", "--events", str(file), "--json", "--at"]
        moment = f"{from_milliseconds(ms(days)):%Y-%m-%dT%H:%M:%S}"
        done = CliRunner().invoke(app, [*arguments, moment], env={"HEARTLINE_CLASSIFIER": "vader"})
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    assert [name for name in said(19) if name in ("override", "held_back")] == []
    assert [name for name in said(40.5) if name in ("override", "held_back")] == ["held_back"]
    assert said(42)["override"]["band"] == "healthy"
