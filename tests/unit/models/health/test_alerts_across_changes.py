"""Alerts where something else changes than the score: the segment, the evidence, the contact, who was told."""

from typing import Any

import msgspec

from tests.unit.models.health.building import Row, answer, merged, message, opened, override, profile
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
