import json
import math
from pathlib import Path

import pytest

from models.health.model import HealthModel, parse_model
from schemas.base import to_milliseconds
from stream.preview.comparing import Comparing, Comparison, Move, not_previewed
from stream.preview.history import Since
from stream.replay.folding import Chosen
from tests.unit.models.health.building import Row, answer, ms, opened, override, profile, solved
from tests.unit.stream.replay.logs import START, simulated


def model(**document: object) -> HealthModel:
    return parse_model(json.dumps({"version": "v", "components": {"nps": {}, "engagement": {}}, **document}).encode())


def compared(row: Row, new: HealthModel, old: HealthModel | None = None, days: float = 1) -> Comparison:
    comparing = Comparing(old if old is not None else model(), new)
    comparing.compare(("acme", "ada"), row.facts, ms(days))
    return comparing.done()


def the_move(found: Comparison) -> Move:
    (move,) = found.moves
    return move


def test_a_contact_that_stays_in_its_band_is_only_counted() -> None:
    found = compared(Row(answer(0, 9)), model())
    assert (found.contacts, found.changing, found.moves) == (1, 0, [])
    assert found.totals == {"champion": {"champion": 1}}


def test_components_that_come_go_and_weigh_otherwise_say_so_and_sum_to_the_change() -> None:
    row = Row(answer(0, 2), opened(0, "t1", severity="urgent"))
    new = model(components={"nps": {"weight": 75}, "severity": {}})
    move = the_move(compared(row, new))
    assert [why.words for why in move.why] == [
        "engagement counts no more", "nps weighs 75% instead of 50%", "severity counts now",
    ]  # fmt: skip
    assert math.fsum(why.points for why in move.why) == pytest.approx(15.0 - 60.0)
    assert (move.before, move.score_before, move.after, move.score_after) == ("needs_attention", 60, "at_risk", 15)
    back = the_move(compared(row, model(), new))
    assert back.why[0].words == "engagement counts now"


def test_a_component_that_reads_otherwise_says_what_it_reads() -> None:
    row = Row(opened(0, "t1"), opened(0.1, "t2"), opened(0.2, "t3"))
    strict = model(components={"engagement": {}, "open_tickets": {"good": 0, "poor": 3}})
    mild = model(components={"engagement": {}, "open_tickets": {"good": 3, "poor": 9}})
    assert [why.words for why in the_move(compared(row, strict, mild)).why] == [
        "open tickets reads 0.00 instead of 1.00"
    ]


def test_edges_and_caps_are_said_beside_the_components() -> None:
    row = Row(answer(0, 8), opened(0, "t1", severity="urgent"))
    moved = the_move(compared(row, model(bands={"champion": 95})))
    assert (moved.why, moved.besides) == ((), ("a score of 90 is healthy now",))
    cap = model(exceptions=[{"name": "urgent", "when": {"open_ticket": {"severity": "urgent"}}, "cap": 60}])
    assert the_move(compared(row, cap)).besides == ("urgent caps the score at 60",)
    assert the_move(compared(row, model(), cap)).besides == ("urgent no longer caps the score",)


def capped(cap: int) -> HealthModel:
    return model(exceptions=[{"name": "urgent", "when": {"open_ticket": {"severity": "urgent"}}, "cap": cap}])


def test_a_cap_of_another_height_is_said() -> None:
    row = Row(answer(0, 8), opened(0, "t1", severity="urgent"))
    move = the_move(compared(row, capped(25), capped(60)))
    assert (move.score_before, move.score_after, move.why) == (60, 25, ())
    assert move.besides == ("urgent caps the score at 25 instead of 60",)
    lower = the_move(compared(row, capped(60), capped(25)))
    assert lower.besides == ("urgent caps the score at 60 instead of 25",)


GOLD = {"name": "gold", "when": {"attributes": {"plan": "gold"}}}
CHANGES = {
    "weights": model(components={"nps": {"weight": 90}, "engagement": {"weight": 10}}),
    "parameters": model(components={"nps": {}, "engagement": {}, "open_tickets": {"good": 0, "poor": 1}}),
    "thresholds": model(components={"nps": {}, "engagement": {}, "open_tickets": {"good": 2, "poor": 3}}),
    "bands": model(bands={"needs_attention": 45, "healthy": 75, "champion": 95}),
    "a cap": capped(60),
    "a lower cap": capped(25),
    "another cap": model(exceptions=[{"name": "two", "when": {"open_ticket": {"count": 2}}, "cap": 10}]),
    "a segment with bands": model(segments=[{**GOLD, "bands": {"healthy": 70, "champion": 96}}]),
    "a segment with components": model(segments=[{**GOLD, "components": {"nps": {"enabled": False}, "severity": {}}}]),
    "a segment with a cap": model(
        segments=[{**GOLD, "exceptions": [{"name": "urgent", "when": {"open_ticket": {}}, "cap": 30}]}]
    ),
    "a component on": model(components={"nps": {}, "engagement": {}, "severity": {"weight": 40}}),
    "a component off": model(components={"engagement": {}}),
    "only what some lack": model(components={"nps": {}}),
    "nothing that anybody has": model(components={"ces": {}}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whoever_changes_band_has_a_reason_whatever_changes_in_the_model(change: str) -> None:
    rows = [
        Row(
            *([answer(0, share)] if share < 11 else []),
            *([profile(0, attributes={"plan": "gold"})] if share % 2 else []),
            *(opened(0.1, f"t{n}", severity="urgent" if share % 3 else "low") for n in range(tickets)),
        )
        for share in range(12)
        for tickets in range(4)
    ]
    changing = 0
    for other in (model(), *(CHANGES[name] for name in CHANGES if name != change)):
        for one, new in ((other, CHANGES[change]), (CHANGES[change], other)):
            for days in (1, 20, 100):
                comparing = Comparing(one, new)
                for number, row in enumerate(rows):
                    comparing.compare(("acme", f"c{number}"), row.facts, ms(days))
                found = comparing.done()
                assert [move for move in found.moves if not move.why and not move.besides] == []
                assert found.changing == len(found.moves)
                changing += found.changing
    assert changing > 100


def test_a_contact_without_data_for_one_of_the_models_is_not_scored_by_it() -> None:
    found = compared(Row(opened(0, "t1"), solved(0.1, "t1")), model(components={"nps": {}}))
    assert found.totals == {"champion": {"not scored": 1}}
    assert (the_move(found).after, the_move(found).score_after) == (None, None)
    nothing = compared(Row(answer(0, 0)), model(), model(components={"ces": {}}))
    assert ("nps counts now", 0.0) in [(why.words, why.points) for why in the_move(nothing).why]


def test_a_band_set_by_hand_is_not_changed_by_a_model_and_is_counted() -> None:
    found = compared(Row(answer(0, 9), override(0.1, "at_risk")), model(bands={"champion": 100}))
    assert (found.changing, found.overridden) == (0, 1)


def test_segments_choose_the_parameters_on_both_sides() -> None:
    row = Row(answer(0, 2))
    row.facts.profile = None
    segmented = model(segments=[{"name": "gold", "when": {"attributes": {"plan": "gold"}}, "bands": {"champion": 96}}])
    assert compared(row, segmented).changing == 0


def test_the_hardest_hit_are_named_and_all_are_counted() -> None:
    rows = [(f"c{number:02}", Row(answer(0, 1 + number % 10))) for number in range(60)]
    strict = model(bands={"needs_attention": 70, "healthy": 80, "champion": 100})
    every, some = Comparing(model(), strict), Comparing(model(), strict, limit=3)
    for contact, row in rows:
        for comparing in (every, some):
            comparing.compare(("acme", contact), row.facts, ms(1))
    everybody, hardest = every.done(), some.done()
    assert hardest.moves == everybody.moves[:3]
    assert len(everybody.moves) == everybody.changing == hardest.changing > 8 * 3
    assert (hardest.totals, hardest.components) == (everybody.totals, everybody.components)
    total = Comparison()
    total.add(hardest)
    total.add(everybody)
    total.keep(2)
    assert (total.contacts, total.changing, len(total.moves)) == (120, 2 * everybody.changing, 2)


def document(**more: object) -> bytes:
    return json.dumps({"version": "v", "components": {"nps": {}}, **more}).encode()


def test_what_a_model_changes_for_accounts_is_named_since_they_are_not_compared() -> None:
    plain, seats = document(), document(account={"components": {"seats": {}}, "alerts": {"seats_decreased": {}}})
    assert not_previewed(None, plain) == not_previewed(seats, seats) == []
    assert not_previewed(plain, document(alerts={"tone": {"upset": 3}})) == []
    (component,) = not_previewed(plain, seats)
    assert component.startswith("account.components.seats: new, weight 20")
    assert not_previewed(None, document(account={"alerts": {"seats_decreased": {"share": 0.5}}})) == [
        "account.alerts.seats_decreased.share: 0.05 → 0.5"
    ]
    assert not_previewed(None, document(bands={"champion": 90})) == ["bands.champion: 81 → 90"]
    own = {"bands": {"champion": 90}}
    assert not_previewed(document(account=own), document(account=own, bands={"champion": 70, "healthy": 60})) == [
        "account.bands.healthy: 61 → 60"
    ]


def test_over_the_log_both_models_are_counted_since_a_day(tmp_path: Path) -> None:
    log, document = simulated(), b'{"version": "mine", "components": {"engagement": {}}}'
    since = Since(log, Chosen("default", document), to_milliseconds(START.replace(day=25)), "month", 5)
    found, tenants = since.compare(0, lambda _: None)
    assert tenants == {"default"}
    assert found.in_force.bands().keys() >= {"2026-01", "2026-02", "2026-03"}
    last = max(found.model.bands())
    by_model = {name: count for name, count in found.model.bands()[last].items() if count}
    after: dict[str, int] = {}
    for row in found.end.totals.values():
        for name, count in row.items():
            after[name] = after.get(name, 0) + count
    after.pop("not scored", None)
    assert sum(by_model.values()) == sum(after.values())
    assert found.in_force.changes != found.model.changes
    assert len(found.end.moves) <= 5
