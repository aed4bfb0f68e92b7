"""`heartline explain --account`: what is told of an account."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from models.health.accounts.components.registry import ACCOUNT_COMPONENTS
from schemas.base import to_milliseconds
from schemas.control import ModelPublished, OverrideSet
from schemas.decoding import encode
from schemas.profiles import AccountUpdated
from schemas.scores import AccountScoreUpdated, OverrideInForce
from schemas.signals import AccountSignal, Clock, Contribution, MemberContribution, Tick, TickDone
from stream.account_story import MOVED_BY, AccountStory, account_movement, fold_account
from stream.commands.app import app
from stream.commands.explain import explain
from stream.errors import ConfigurationError
from stream.explaining_accounts import NOT_TOLD, AccountExplanation, explained_account, view_account
from stream.replay.account_log import AccountEntry
from stream.simulate import simulate
from stream.views import accounts_line

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = b"acme/a"


def when(days: float) -> datetime:
    return START + timedelta(days=days)


def ms(days: float) -> int:
    return to_milliseconds(when(days))


def by_hand(days: float) -> dict[str, Any]:
    base = {"event_id": "o", "occurred_at": when(days), "tenant": "acme", "account": "a"}
    return {**base, "band": "at_risk", "reason": "r", "author": "u"}


class Writer:
    """Writes a partition of the log."""

    def __init__(self) -> None:
        self.log: list[AccountEntry] = []
        self.gave: dict[bytes, Contribution] = {}

    def add(self, days: float, fact: Any, key: bytes | None = KEY) -> None:
        self.log.append(AccountEntry(3 * len(self.log), key, AccountSignal(at=ms(days), fact=fact)))

    def member(self, days: float, score: int, key: bytes = KEY, **more: Any) -> None:
        gives = Contribution(score=score, band="healthy", confidence="low", **more)
        account = key.decode().removeprefix("acme/")
        self.add(
            days,
            MemberContribution(
                tenant="acme", account=account, contact="ada", seq=1, gives=gives, gave=self.gave.get(key)
            ),
            key,
        )
        self.gave[key] = gives

    def company(self, days: float, **more: Any) -> None:
        self.add(days, AccountUpdated(event_id=f"e{days}", occurred_at=when(days), tenant="acme", account="a", **more))

    def model(self, days: float, **components: Any) -> None:
        document = {"version": "2", "components": {"nps": {}}, "account": {"components": components}}
        fact = ModelPublished(
            event_id="m", occurred_at=when(days), tenant="acme", version="2", author="u",
            model=msgspec.Raw(msgspec.json.encode(document)),
        )  # fmt: skip
        self.add(days, fact, None)

    def close(self, day: int) -> None:
        at = day + 4 / 24
        date = when(day).date()
        self.add(at, Tick(day=date), None)
        self.add(at, TickDone(day=date, partition=0, partitions=1), None)

    def story(self) -> AccountStory:
        return fold_account("acme", "a", self.log)


def told(writer: Writer) -> AccountExplanation:
    story = writer.story()
    record = story.scores[-1][1]
    assert record is not None
    sent = msgspec.json.decode(encode(record), type=AccountScoreUpdated)  # as it comes from the topic
    return explained_account(sent, story)


def shown(told: AccountExplanation) -> str:
    console = Console(width=200, file=StringIO(), record=True)
    console.print(view_account(told, when(50)))
    return console.export_text()


def busy() -> Writer:
    writer = Writer()
    writer.company(0, seats=500, renewal_at=when(400), customer_since=when(-1000))
    writer.model(0, members={}, seats={"weight": 40})
    writer.member(1, 80, nps=10_000, csat=8_000, load=2, responses=2, response_seconds=14_400, response_times=(3, 5))
    writer.member(2, 10, key=b"acme/b")  # of somebody else
    writer.close(15)
    writer.member(30, 60, nps=5_000, responses=1, response_seconds=7_200, response_times=(90,))
    writer.company(36, seats=250)
    writer.close(37)
    writer.member(38, 20)
    writer.add(38.5, Clock(), None)
    return writer


def test_movement_over_seven_and_thirty_days_sums_to_the_change() -> None:
    found = told(busy())
    assert found.moved is not None
    month, week = found.moved["30"], found.moved["7"]
    assert month.before == pytest.approx(88)
    assert week.before == pytest.approx(76)
    for one in (month, week):
        assert one.after == pytest.approx(12)
        assert one.before is not None
        assert one.change == pytest.approx(one.after - one.before, abs=1e-9)
        assert one.change == pytest.approx(sum(part.points for part in one.parts), abs=1e-9)
    assert [(part.component, round(part.points), part.words) for part in month.parts] == [
        ("seats", -40, "by a change of the account's profile"),
        ("members", -36, "by 2 changes of contacts"),
    ]


def test_what_time_has_moved_is_not_said_of_what_came_then() -> None:
    writer = Writer()
    writer.model(0, members={}, tenure={"weight": 40})
    writer.company(0, customer_since=when(-360))
    writer.member(1, 80)
    writer.member(65, 60)
    writer.add(66, OverrideSet(**by_hand(66)))
    movement = account_movement(writer.story(), 7)
    assert movement is not None
    assert [(part.component, part.words) for part in movement.parts] == [
        ("members", "by a change of a contact"),
        ("tenure", "as time passed"),
    ]
    assert movement.besides == ("2026-03-08 00:00 UTC: set to at risk by hand",)
    assert movement.change == pytest.approx(sum(part.points for part in movement.parts), abs=1e-9)


def test_another_model_and_other_weights_are_told_as_such() -> None:
    writer = Writer()
    writer.model(0, members={})
    writer.company(1, seats=10)
    writer.member(1, 80)
    writer.model(2, members={}, seats={"weight": 20})
    writer.member(3, 90)
    movement = account_movement(writer.story(), 7)
    assert movement is not None
    words = {(part.component, part.words) for part in movement.parts}
    assert ("seats", "by a change of the model") in words
    assert ("members", "weighs otherwise, by a change of the model") in words


def test_of_each_component_it_is_known_what_moves_it() -> None:
    assert {*MOVED_BY} == {*ACCOUNT_COMPONENTS}


def test_an_account_that_has_no_past_came_from_nothing() -> None:
    writer = Writer()
    writer.member(1, 80)
    movement = account_movement(writer.story(), 7)
    assert movement is not None
    assert (movement.before, movement.after, movement.change) == (None, 80, 80)


def test_the_terminal_shows_what_the_record_says() -> None:
    text = shown(told(busy()))
    for words in (
        "account acme/a: 12 at risk",
        "last moved by member.contributed at 2026-02-08 00:00:00 UTC (record 8, model 2)",
        "members",
        "seats",
        "1 contacts, 1 scored, mean 20.0, lowest 20, 1 healthy",
        "moved last by ada",
        "250 seats",
        "the last 7 days: 76.00 → 12.00 (-64.00)",
        "the last 30 days: 88.00 → 12.00 (-76.00)",
        "alert seats decreased: The account went from 500 to 250 seats within 30 days",
        "alert account health declined",
    ):
        assert words in text


def test_answers_response_times_and_renewal_are_told() -> None:
    writer = busy()
    writer.log = writer.log[:6]
    text = shown(told(writer))
    assert "NPS +100 of 1, CSAT 80% of 1 answers" in text
    assert "first response in 2.0 h" in text
    assert "500 seats, renews 2027-02-05" in text


def test_what_was_set_by_hand_is_told() -> None:
    writer = Writer()
    writer.member(1, 80)
    writer.add(2, OverrideSet(**by_hand(2), expires_at=when(9)))
    found = told(writer)
    assert found.score.override == OverrideInForce(author="u", reason="r", set_at=when(2), expires_at=when(9))
    assert "set to at risk by u (r), until 2026-01-10 00:00 UTC; computed: healthy" in shown(found)
    writer.add(10, Clock(), None)
    assert told(writer).score.override is None


def test_what_is_held_back_is_told_as_it_was_then() -> None:
    writer = Writer()
    writer.member(1, 20)
    (line,) = told(writer).held_back
    assert line == (
        "account health declined: holds since 2026-01-02 00:00 UTC, "
        "and is waiting for its dwell, until 2026-01-02 00:10 UTC"
    )
    assert line in shown(told(writer))
    writer.add(1.5, Clock(), None)
    writer.member(2, 15)
    (raised,) = told(writer).held_back
    assert raised.startswith("account health declined: raised 2026-01-02 00:10 UTC")
    then = writer.story().until(ms(1) + 1)
    assert then.latest is not None
    assert explained_account(then.latest, then).held_back == (line,)


def test_a_record_that_the_log_does_not_lead_to_is_shown_without_what_moved_it() -> None:
    writer = Writer()
    writer.member(1, 80)
    record = writer.story().scores[-1][1]
    assert record is not None
    other = msgspec.structs.replace(record, members=7)
    found = explained_account(other, writer.story())
    assert (found.moved, found.not_told) == (None, NOT_TOLD)
    assert NOT_TOLD[:40] in shown(found)


def test_what_came_after_the_record_is_left_out() -> None:
    writer = Writer()
    writer.member(1, 80)
    early = writer.story().scores[-1][1]
    assert early is not None
    writer.member(2, 20)
    found = explained_account(early, writer.story())
    assert found.moved is not None
    assert found.moved["7"].after == 80


def test_a_contact_or_an_account_is_named() -> None:
    with pytest.raises(ConfigurationError, match="name a contact"):
        explain(contact=None, account=None)
    with pytest.raises(ConfigurationError, match="name a contact"):
        explain(contact="ada", account="a")


def test_an_account_is_told_as_it_was_known_at_a_time() -> None:
    writer = busy()
    then = writer.story().until(ms(31))
    assert then.now == ms(31)
    assert [alert.kind for alert in then.alerts] == []
    assert then.latest is not None
    assert then.latest.score == 76
    assert writer.story().until(ms(-1)).latest is None


def test_a_moment_itself_is_not_before_it() -> None:
    writer = Writer()
    writer.member(1, 20)
    writer.add(2, Clock(), None)
    assert [writer.story().until(ms(1) + more).latest is None for more in (0, 1)] == [True, False]
    raised = to_milliseconds(writer.story().alerts[0].at)
    assert [len(writer.story().until(raised + more).alerts) for more in (0, 1)] == [0, 1]


def test_an_account_of_a_file_of_events_is_explained_without_a_broker(tmp_path: Path) -> None:
    events = list(simulate(seed=3, contacts=20, start=START, days=20))
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(encode(event) + b"\n" for event in events))
    name = next(account for event in events if (account := getattr(event, "account", None)) is not None)
    env = {"HEARTLINE_CLASSIFIER": "vader"}

    def said(*more: str) -> Any:
        done = CliRunner().invoke(app, ["explain", "--account", name, "--events", str(file), "--json", *more], env=env)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    scored = CliRunner().invoke(app, ["score", str(file), "--accounts", "--json"], env=env)
    record = next(one for one in map(json.loads, scored.stdout.splitlines()) if one["account"] == name)
    found = said()
    assert found["score"] == record
    assert found["moved"]["7"]["after"] == record["score_raw"]
    then = said("--at", f"{START + timedelta(days=8):%Y-%m-%d}")
    assert then["score"]["seq"] < record["seq"]
    assert then["score"]["at"] < f"{START + timedelta(days=8):%Y-%m-%d}"
    model = tmp_path / "model.yaml"
    model.write_text("version: mine\ncomponents: {engagement: {}}\n")
    assert said("--model", str(model))["score"]["model"] == "mine"


def test_one_line_tells_of_all_accounts() -> None:
    writer = Writer()
    writer.member(1, 80)
    first = writer.story().scores[-1][1]
    assert first is not None
    second = msgspec.structs.replace(first, account="b", score=20, band="at_risk")
    unknown = msgspec.structs.replace(first, account="c", score=None, band=None)
    line = accounts_line([first, second, unknown]).plain
    assert line == "2 accounts   champion 0   healthy 1   needs attention 0   at risk 1   lowest: acme/b 20"
    assert accounts_line([]).plain.startswith("0 accounts")
