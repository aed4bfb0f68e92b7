"""A model from a file to the scores: published, in force, and found again by a replay."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.base import Event
from schemas.catalogue import HEALTH_CONTROL
from schemas.control import ModelPublished, TenantRegistered
from schemas.profiles import ContactUpdated
from schemas.scores import ScoreUpdated
from schemas.surveys import SurveyAnswered
from schemas.tickets import TicketOpened, TicketSolved
from stream.dead_letters import position
from tests.broker.test_commands import run
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.timeout(300)

CONTACTS = [f"c{number}" for number in range(12)]
FIRST = """\
version: first
components: {nps: {weight: 1}, csat: {weight: 3}}
exceptions: [{name: urgent, when: {open_ticket: {severity: urgent}}, cap: 60}]
segments:
  - name: gold
    when: {attributes: {plan: gold}}
    components: {nps: {weight: 9}}
    exceptions: []
"""
SECOND = FIRST.replace("version: first", "version: second").replace("weight: 3", "weight: 1")


class Desk:
    """What happens to twelve contacts of acme."""

    def __init__(self, heartline: Heartline, folder: Path) -> None:
        self.heartline = heartline
        self._folder = folder
        self._number = 0

    def say(self, event: type[Event], contact: str | None, /, **more: Any) -> None:
        self._number += 1
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=600 - self._number)
        who = {} if contact is None else {"contact": contact}
        self.heartline.send([event(event_id=f"e{self._number}", occurred_at=at, tenant="acme", **who, **more)])

    def publish(self, text: str) -> None:
        file = self._folder / "model.yaml"
        file.write_text(text)
        run(self.heartline, "model", "publish", str(file), "--tenant", "acme", "--author", "carol")

    def settle(self) -> None:
        self.heartline.wait_settled()
        self.heartline.wait_quiet()

    def scores(self) -> dict[str, list[ScoreUpdated]]:
        """The records of each contact by their number, each once; those of the same number must be the same."""
        found: dict[str, dict[int, ScoreUpdated]] = defaultdict(dict)
        for score in self.heartline.scores():
            assert found[score.contact].setdefault(score.seq, score) == score
        return {contact: [records[seq] for seq in sorted(records)] for contact, records in found.items()}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with KafkaBroker() as broker:
        running = Heartline(broker, tmp_path_factory.mktemp("heartline"))
        running.create_topics()
        try:
            running.start("intake")
            running.start("scoring")
            desk = Desk(running, running.folder)
            desk.say(TenantRegistered, None)
            for number, contact in enumerate(CONTACTS):
                desk.say(SurveyAnswered, contact, kind="nps", value=10, scale_min=0, scale_max=10)
                desk.say(SurveyAnswered, contact, kind="csat", value=number, scale_min=0, scale_max=11)
            desk.settle()
            yield desk
        finally:
            running.stop()


def test_a_published_model_scores_every_contact_of_its_tenant_anew(desk: Desk) -> None:
    before = desk.scores()
    assert {records[-1].model for records in before.values()} == {"default"}
    desk.publish(FIRST)
    desk.settle()
    after = desk.scores()
    assert len(after) == len(CONTACTS)
    for records in after.values():
        assert (records[-1].cause.type, records[-1].model, records[-1].segment) == ("model_change", "first", None)
    shown = json.loads(run(desk.heartline, "model", "show", "--tenant", "acme", "--json"))
    assert (shown["version"], shown["author"], shown["model"]["components"]["csat"]) == (
        "first",
        "carol",
        {"weight": 3},
    )


def test_a_profile_moves_a_contact_into_a_segment_and_an_urgent_ticket_caps_the_others(desk: Desk) -> None:
    desk.say(ContactUpdated, "c11", attributes={"plan": "gold"})
    for contact in ("c10", "c11"):
        desk.say(TicketOpened, contact, ticket=f"t-{contact}", severity="urgent")
    desk.settle()
    scores = desk.scores()
    (gold,) = [one for one in scores["c11"] if one.cause.type == "contact.updated"]
    assert (gold.segment, gold.model) == ("gold", "first")
    assert (scores["c11"][-1].segment, scores["c11"][-1].capped_by) == ("gold", None)
    assert (scores["c10"][-1].score, scores["c10"][-1].capped_by) == (60, "urgent")
    assert scores["c10"][-1].score_raw > 90


def test_a_model_that_is_not_valid_becomes_a_dead_letter_and_changes_nothing(desk: Desk) -> None:
    before = desk.scores()
    bad = msgspec.Raw(b'{"version":"bad","components":{"luck":{}}}')
    desk.say(ModelPublished, None, version="bad", model=bad, author="dave")
    other = msgspec.Raw(b'{"version":"one","components":{"nps":{}}}')
    desk.say(ModelPublished, None, version="other", model=other, author="dave")
    desk.settle()
    letters = desk.heartline.records(f"{HEALTH_CONTROL}-dlq")
    assert [position(letter).reason for letter in letters] == ["invalid", "invalid"]
    assert "components.luck" in position(letters[0]).detail
    assert desk.scores() == before
    history = json.loads(run(desk.heartline, "model", "history", "--tenant", "acme", "--json"))
    assert [one["refused"] is None for one in history] == [True, False, False]


def test_a_replay_scores_each_signal_by_the_model_then_in_force(desk: Desk) -> None:
    desk.publish(SECOND)
    desk.settle()
    desk.say(TicketSolved, "c10", ticket="t-c10")
    desk.settle()
    before = desk.scores()
    assert {records[-1].model for records in before.values()} == {"second"}
    assert {score.model for score in before["c10"]} == {"default", "first", "second"}
    written = len(desk.heartline.scores())
    scoring = next(worker for worker in desk.heartline.workers if worker.stage == "scoring")
    scoring.stop()
    desk.heartline.environment["HEARTLINE_DATA_DIRECTORY"] = str(scoring.data_directory)
    try:
        run(desk.heartline, "state", "reset", "--everywhere", "--yes")
    finally:
        del desk.heartline.environment["HEARTLINE_DATA_DIRECTORY"]
    desk.heartline.start("scoring")
    desk.settle()
    assert desk.scores() == before, "every record of the replay is the one that was live"
    assert len(desk.heartline.scores()) == 2 * written
    refused = desk.heartline.folder / "reused.yaml"
    refused.write_text(FIRST.replace("weight: 3", "weight: 4"))
    said = run(desk.heartline, "model", "publish", str(refused), "--tenant", "acme", "--author", "eve", exit_code=13)
    assert "with another content" in said
