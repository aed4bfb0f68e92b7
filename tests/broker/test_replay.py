"""A replay of the log is what live committed, record by record; and the commands that are made of it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.base import Event, to_milliseconds
from schemas.catalogue import (
    HEALTH_ALERTS,
    HEALTH_BAND_CHANGES,
    HEALTH_SCORE_HISTORY,
    HEALTH_SCORES,
    HEALTH_SIGNALS,
)
from schemas.control import ContactErased, OverrideSet
from schemas.decoding import encode
from schemas.scores import ScoreUpdated
from schemas.surveys import SurveyAnswered
from stream.classifier import open_classifier
from stream.history import HistoryWriter, entries
from stream.imports import with_ticks
from stream.replay.outputs import Line
from stream.sending import Sender
from stream.simulate import deliver, simulate
from tests.oracle.real_data import ROOT
from tests.support.heartline import Heartline, decode_score
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.timeout(400)

OUTPUTS = (HEALTH_SCORES, HEALTH_BAND_CHANGES, HEALTH_SCORE_HISTORY, HEALTH_ALERTS)
START = datetime(2026, 8, 3, tzinfo=UTC)
MIDDLE = START + timedelta(days=11)

Records = dict[str, list[bytes | None]]
"""Values by key, in order."""


@pytest.fixture(scope="module")
def heartline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heartline]:
    """A log with a past (ticks, models, overrides, erasures, merges, late and repeated events) and live time after."""
    with KafkaBroker() as broker:
        running = Heartline(broker, tmp_path_factory.mktemp("heartline"))
        running.create_topics()
        arriving = past_events()
        running.start("scoring")
        write_history(running, arriving)
        running.start("intake")
        running.wait_settled()
        someone = next(event for event in arriving if getattr(event, "contact", None))
        erased = ContactErased(event_id="gone", occurred_at=START + timedelta(days=60), contact=someone.contact)  # type: ignore[attr-defined]
        running.send([*simulate(seed=6, contacts=40, start=START + timedelta(days=50), days=4), erased])
        running.wait_settled()
        running.wait_quiet()
        for worker in running.workers:
            worker.stop()
        yield running


def past_events() -> list[Event]:
    """The history, in the order in which it arrives. Somebody is set by hand after an answer."""
    past = simulate(seed=5, contacts=150, start=START, days=22, models_every_days=4)
    arriving = [one.event for one in deliver(past, seed=5, duplicates=0.05, late=0.05, out_of_order=0.1)]
    answer = next(event for event in arriving if isinstance(event, SurveyAnswered))
    by_hand = OverrideSet(
        event_id="by-hand",
        occurred_at=answer.occurred_at + timedelta(hours=1),
        contact=answer.contact,
        band="champion",
        reason="They told me.",
        author="carol",
    )
    return [*arriving, by_hand]


def write_history(heartline: Heartline, events: list[Event]) -> None:
    partitions = {HEALTH_SIGNALS: 4, "health.account-signals": 4, "health.profiles": 4, "health.control": 1}
    ordered = sorted(events, key=lambda event: event.occurred_at)
    with Sender(heartline.settings) as sender:
        history = HistoryWriter(sender, partitions)
        history.start()
        for logged in entries(with_ticks(ordered), open_classifier(heartline.settings)):
            history.write(logged)
        sender.flush()
        history.finish()


def run(heartline: Heartline, *arguments: str, exit_code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "stream", *arguments],
        env=heartline.process_environment | {"COLUMNS": "200"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == exit_code, done.stderr
    return done.stdout if exit_code == 0 else done.stderr


def live(heartline: Heartline, topic: str) -> Records:
    found: Records = {}
    for message in heartline.records(topic):
        found.setdefault((message.key() or b"").decode(), []).append(message.value())
    return found


def replayed(folder: Path, topic: str) -> Records:
    found: Records = {}
    file = folder / f"{topic}.jsonl"
    if file.exists():
        with file.open("rb") as lines:
            for each in lines:
                line = msgspec.json.decode(each, type=Line)
                value = None if bytes(line.value) == b"null" else bytes(line.value)
                found.setdefault(line.key, []).append(value)
    return found


def test_a_replay_is_what_live_committed_byte_for_byte(heartline: Heartline, tmp_path: Path) -> None:
    folder = tmp_path / "replay"
    assert "Contacts at the end of each year" in run(heartline, "replay", "--to-dir", str(folder))
    counts = {}
    for topic in OUTPUTS:
        expected = live(heartline, topic)
        assert replayed(folder, topic) == expected, topic
        counts[topic] = sum(map(len, expected.values()))
    assert min(counts[HEALTH_SCORES], counts[HEALTH_BAND_CHANGES], counts[HEALTH_SCORE_HISTORY]) > 100, counts
    assert None in [value for values in live(heartline, HEALTH_SCORES).values() for value in values], "an erasure"
    assert not list(folder.glob("*.part"))


def test_a_time_span_holds_what_went_out_in_it(heartline: Heartline, tmp_path: Path) -> None:
    folder = tmp_path / "span"
    first, end = MIDDLE, MIDDLE + timedelta(days=3)
    run(heartline, "replay", "--from", f"{first:%Y-%m-%d}", "--to", f"{end:%Y-%m-%d}", "--to-dir", str(folder))
    for topic in OUTPUTS[:3]:
        expected = {
            key: kept
            for key, values in live(heartline, topic).items()
            if (kept := [one for one in values if one is not None and first <= at(one) < end])
        }
        found = {key: [one for one in values if one is not None] for key, values in replayed(folder, topic).items()}
        assert {key: values for key, values in found.items() if values} == expected
        assert expected


def at(value: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(value)["at"])


def test_side_topics_hold_the_same_records_and_are_not_written_twice(heartline: Heartline) -> None:
    run(heartline, "replay", "--side-topics", ".again", "--processes", "1")
    for topic in OUTPUTS:
        assert live(heartline, topic + ".again") == live(heartline, topic)
        mine, theirs = heartline.records(topic + ".again"), heartline.records(topic)
        assert sorted((one.key(), one.partition()) for one in mine) == sorted(
            (one.key(), one.partition()) for one in theirs
        )
    assert "holds records" in run(heartline, "replay", "--side-topics", ".again", exit_code=10)


def test_a_model_replaces_those_in_force(heartline: Heartline, tmp_path: Path) -> None:
    model = tmp_path / "model.json"
    model.write_text('{"version": "mine", "components": {"engagement": {}, "sentiment": {}}}')
    folder = tmp_path / "mine"
    run(heartline, "replay", "--model", str(model), "--to-dir", str(folder))
    scores = [json.loads(v) for values in replayed(folder, HEALTH_SCORES).values() for v in values if v is not None]
    assert {score["model"] for score in scores} == {"mine"}
    assert "model_change" not in {score["cause"]["type"] for score in scores}
    assert {name for score in scores for name in score["components"]} == {"engagement", "sentiment"}
    live_models = {json.loads(v)["model"] for vs in live(heartline, HEALTH_SCORES).values() for v in vs if v}
    assert len(live_models) > 2, "the log publishes models itself"


def test_what_cannot_be_replayed_is_refused(heartline: Heartline, tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    assert "is not empty" in run(heartline, "replay", "--to-dir", str(tmp_path), exit_code=11)
    wrong = tmp_path / "model.json"
    wrong.write_text('{"version": "w", "components": {"npz": {}}}')
    assert "components.npz" in run(heartline, "replay", "--model", str(wrong), exit_code=11)
    assert "--to must lie after" in run(heartline, "replay", "--from", "2026-03-02", "--to", "2026-03-02", exit_code=10)


def test_the_log_is_replayed_to_the_moment_it_ends(heartline: Heartline) -> None:
    scores = [json.loads(value) for values in live(heartline, HEALTH_SCORES).values() for value in values if value]
    assert max(to_milliseconds(datetime.fromisoformat(one["at"])) for one in scores) > to_milliseconds(
        START + timedelta(days=40)
    ), "live time follows the history"


def present(heartline: Heartline) -> list[ScoreUpdated]:
    """The scores of the contacts that have one."""
    latest = [values[-1] for values in live(heartline, HEALTH_SCORES).values()]
    return [decode_score(value) for value in latest if value is not None]


def test_explain_tells_what_moved_a_score_and_it_sums(heartline: Heartline) -> None:
    told = 0
    for score in present(heartline)[:4]:
        found = json.loads(run(heartline, "explain", score.contact, "--json"))
        assert (found["score"]["event_id"], found["score"]["score_raw"]) == (score.event_id, score.score_raw)
        for moved in found["moved"].values():
            told += bool(moved["parts"])
            assert abs(sum(part["points"] for part in moved["parts"]) - moved["change"]) < 1e-9
    then = json.loads(run(heartline, "explain", score.contact, "--at", f"{MIDDLE:%Y-%m-%d}", "--json"))
    assert datetime.fromisoformat(then["score"]["at"]) < MIDDLE
    assert then["moved"]["30"]["parts"]


def test_explain_at_a_time_knows_neither_an_override_nor_a_decline_of_later(heartline: Heartline) -> None:
    """Each just before and just after it was logged."""
    past: dict[str, list[ScoreUpdated]] = {}
    for score in heartline.scores():
        past.setdefault(score.contact, []).append(score)

    def around(counts: Callable[[ScoreUpdated], bool]) -> list[Any]:
        """What is told before and after the first record of some contact that counts."""
        for contact, scores in past.items():
            place = next((n for n, one in enumerate(scores) if counts(one)), 0)
            if place and scores[place].mode == "import" and scores[place].cause.type != "model_change":
                first = scores[place].at.replace(microsecond=0)
                last = scores[place + 1].at if place + 1 < len(scores) else first + timedelta(days=1)
                if scores[place - 1].at < first and last > first + timedelta(seconds=1):
                    moments = (first, first + timedelta(seconds=1))
                    times = [f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in moments]
                    return [json.loads(run(heartline, "explain", contact, "--at", time, "--json")) for time in times]
        raise AssertionError("nobody has such a record")

    before, after = around(lambda one: one.override is not None)
    assert "override" not in before
    assert after["override"]["author"] == after["score"]["override"]["author"]
    before, after = around(lambda one: one.score <= 30)
    began = "contact health declined: began without an alert, by an import or another model"
    assert began not in before.get("held_back", [])
    assert began in after["held_back"]


def test_a_preview_reads_the_present_states_and_says_who_would_change_band(
    heartline: Heartline, tmp_path: Path
) -> None:
    model = tmp_path / "model.json"
    model.write_text(
        '{"version": "mine", "components": {"nps": {}}, "bands": {"champion": 100}, '
        '"account": {"components": {"seats": {"weight": 41}}}}'
    )
    found = json.loads(run(heartline, "model", "preview", str(model), "--json", "--limit", "0"))
    now = {name: sum(row.values()) for name, row in found["totals"].items()}
    now.pop("not scored", None)
    assert sum(now.values()) == len(present(heartline))
    assert len(found["moves"]) == found["changing"] > 0
    for move in found["moves"]:
        assert move["before"] != move["after"]
        assert move["why"] or move["besides"]
    over_log = json.loads(
        run(heartline, "model", "preview", str(model), "--since", f"{MIDDLE:%Y-%m-%d}", "--json", "--limit", "0")
    )
    assert over_log["end"]["totals"] == found["totals"]
    assert over_log["end"]["not_previewed"] == found["not_previewed"]
    assert any(line.startswith("account.components.seats") for line in found["not_previewed"])


def test_a_backtest_judges_by_what_was_known(heartline: Heartline, tmp_path: Path) -> None:
    deleted = {key.partition("/")[2] for key, values in live(heartline, HEALTH_SCORES).items() if None in values}
    scored = sorted({score.contact for score in heartline.scores() if score.at < MIDDLE} - deleted)[:20]
    file = tmp_path / "outcomes.csv"
    lines = [
        f"{name},{MIDDLE + timedelta(days=5):%Y-%m-%d},{('churned', 'renewed')[n % 2]}" for n, name in enumerate(scored)
    ]
    file.write_text("\n".join(["contact,date,outcome", *lines]))
    report = json.loads(run(heartline, "backtest", "--outcomes", str(file), "--json"))
    assert report["outcomes"] == len(scored)
    known: dict[str, str] = {}
    for score in heartline.scores():
        if score.at < MIDDLE + timedelta(days=5):
            known[score.contact] = score.band
    for band in report["bands"]:
        assert band["outcomes"] == sum(known[name] == band["band"] for name in scored)
    file.write_text("contact,date,outcome\n" + f"{scored[0]},2199-01-01,churned\n")
    assert "look into the future" in run(heartline, "backtest", "--outcomes", str(file), exit_code=11)


def test_a_backtest_of_accounts_says_on_a_broker_what_it_says_of_the_same_events_in_a_file(
    heartline: Heartline, tmp_path: Path
) -> None:
    events, file, outcomes = past_events(), tmp_path / "events.jsonl", tmp_path / "outcomes.csv"
    file.write_bytes(b"".join(encode(event) + b"\n" for event in events))
    names = sorted({name for event in events if (name := getattr(event, "account", None)) is not None})
    day = MIDDLE + timedelta(days=5)
    lines = [f"{name},{day:%Y-%m-%d},{('churned', 'renewed')[n % 2]}" for n, name in enumerate(names)]
    outcomes.write_text("\n".join(["account,date,outcome", *lines]))
    arguments = ("backtest", "--outcomes", str(outcomes), "--skip-unknown", "--json")
    report = json.loads(run(heartline, *arguments))
    assert report == json.loads(run(heartline, *arguments, "--events", str(file)))
    assert report["outcomes"] >= 15
    assert sum(band["outcomes"] > 0 for band in report["bands"]) >= 2
    outcomes.write_text(f"account,date,outcome\n{names[0]},2199-01-01,churned\n")
    assert "look into the future" in run(heartline, "backtest", "--outcomes", str(outcomes), exit_code=11)
