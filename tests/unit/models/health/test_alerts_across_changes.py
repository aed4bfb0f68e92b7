"""Alerts where something else changes than the score: the segment, the evidence, the contact, who was told."""

from typing import Any

import msgspec

from schemas.base import from_milliseconds
from tests.unit.models.health.building import Row, answer, merged, message, ms, opened, override, profile
from tests.unit.models.health.test_alerts import DECLINE, MINUTE, Desk, kinds, model


def segmented(base: dict[str, Any], gold: dict[str, Any]) -> bytes:
    document = msgspec.json.decode(model(contact_health_declined=base))
    segment = {"name": "gold", "when": {"attributes": {"plan": "gold"}}, "alerts": {"contact_health_declined": gold}}
    return msgspec.json.encode(document | {"segments": [segment]})


def test_the_cooldown_outlasts_an_episode_that_nobody_was_told_of() -> None:
    desk = Desk(DECLINE)
    desk.say(answer(1, 1))
    assert kinds(desk.clock(1 + 11 * MINUTE)) == ["contact_health_declined"]
    desk.say(answer(1.1, 9))
    desk.say(answer(1.2, 1), mode="import")
    desk.say(answer(1.3, 9), mode="import")
    desk.say(answer(1.4, 1))
    assert desk.clock(1.5) == []
    assert kinds(desk.clock(2.1)) == ["contact_health_declined"]


def test_evidence_that_grows_above_the_at_risk_band_is_seen() -> None:
    rule = {"at": 40, "rearm_at": 50, "dwell_minutes": 0, "min_confidence": "medium"}
    desk = Desk(model(contact_health_declined=rule))
    told = [kinds(desk.say(answer(1 + number, 3.5))) for number in range(5)]
    assert told == [[], [], [], [], ["contact_health_declined"]]


def test_a_profile_that_puts_a_contact_under_a_stricter_rule_raises_its_alert() -> None:
    desk = Desk(segmented({"dwell_minutes": 0}, {"at": 50, "rearm_at": 60}))
    desk.say(answer(1, 4))
    assert kinds(desk.say(profile(2, attributes={"plan": "gold"}))) == ["contact_health_declined"]


def test_a_profile_that_puts_a_contact_under_a_shorter_dwell_shortens_it() -> None:
    desk = Desk(segmented({"dwell_minutes": 600}, {"dwell_minutes": 120}))
    desk.say(answer(1, 1))
    desk.say(profile(1 + 60 * MINUTE, attributes={"plan": "gold"}))
    assert kinds(desk.clock(1 + 121 * MINUTE)) == ["contact_health_declined"]


def test_a_message_that_comes_before_its_ticket_is_no_ticket_that_comes() -> None:
    """Time alone has made it three in fourteen days against three before; only the ticket itself may tell."""
    desk = Desk(model(ticket_volume_rising={"min_recent": 2}))
    desk.say(answer(0, 9))
    for day, name in ((1, "h0"), (2, "h1"), (36, "h2"), (49, "a"), (49.5, "b")):
        desk.say(opened(day, name))
    assert desk.alerts == []
    assert desk.say(message(50.1, ticket="c", message="m1")) == []


def test_what_a_merge_brings_may_begin_an_alert_on_tone() -> None:
    other = Row(*[message(1 + n / 10, "negative", tones=("frustrated",), message=f"m{n}") for n in range(5)])
    gone = other.feed(merged(2, "c")).gone
    assert gone is not None
    assert gone.forward is not None
    desk = Desk(model(tone={}))
    desk.say(answer(1.5, 9))
    fact: Any = gone.forward.signal.fact
    assert kinds(desk.say(fact)) == ["tone"]


def test_an_override_of_the_same_moment_with_another_band_is_published() -> None:
    row = Row(answer(1, 5), override(2, "at_risk", event="e1"))
    reaction = row.feed(override(2, "champion", event="e2"))
    assert reaction.score is not None
    assert reaction.score.band == "champion"


def test_a_kind_turned_off_and_on_again_is_looked_at_anew_and_raises_no_storm() -> None:
    desk = Desk(DECLINE)
    desk.say(answer(1, 1))
    desk.publish(model("off"), 1 + MINUTE)
    assert desk.row is not None
    assert (desk.row.alerts, desk.row.due_at) == ([], None)
    assert desk.publish(DECLINE, 1 + 20 * MINUTE) == desk.clock(2) == desk.tick(2.2) == []


def test_the_cooldown_and_the_number_of_episodes_outlast_that_a_kind_is_off() -> None:
    desk = Desk(model(contact_health_declined={"dwell_minutes": 0}))
    desk.say(answer(1, 1))
    desk.publish(model("off"), 1.1)
    desk.say(answer(1.2, 9))
    desk.publish(model("on", contact_health_declined={"dwell_minutes": 0}), 1.3)
    assert desk.say(answer(1.4, 1)) == []
    (alert,) = desk.clock(2.1)
    assert (alert.at, alert.first_time) == (from_milliseconds(ms(2)), False)


def test_a_segment_that_does_not_watch_a_kind_makes_its_dwell_begin_anew() -> None:
    desk = Desk(segmented({}, {"enabled": False}))
    desk.say(answer(1, 1))
    desk.say(profile(1 + 5 * MINUTE, attributes={"plan": "gold"}))
    desk.say(profile(1 + 8 * MINUTE, attributes={"plan": "team"}))
    assert desk.clock(1 + 17 * MINUTE) == []
    (alert,) = desk.clock(1 + 19 * MINUTE)
    assert alert.at == from_milliseconds(ms(1 + 18 * MINUTE))
