"""`heartline score`, by itself."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.sentiment.port import Reading
from stream.commands import score
from stream.commands.app import app


class Classifier:
    """Finds everything positive, and knows whether it was closed."""

    name, version = "fake", "1"

    def __init__(self) -> None:
        self.closed = False

    def classify(self, texts: Sequence[str]) -> list[Reading]:
        assert not self.closed
        return [Reading(label="positive", confidence=1.0) for _ in texts]

    def close(self) -> None:
        self.closed = True


MESSAGE = {
    "type": "message.created",
    "event_id": "m1",
    "occurred_at": "2026-01-05T10:00:00Z",
    "contact": "c1",
    "message": "m1",
    "author": "customer",
    "text": "Thanks!",
}


def test_a_file_is_scored_and_the_classifier_closed_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = Classifier()
    monkeypatch.setattr(score, "open_classifier", lambda _settings: classifier)
    events = tmp_path / "events.jsonl"
    events.write_text(json.dumps(MESSAGE) + "\n")
    done = CliRunner().invoke(app, ["score", str(events), "--at", "2026-01-05T12:00:00", "--json"])
    assert done.exit_code == 0, done.output
    (line,) = map(json.loads, done.stdout.splitlines())
    assert line["contact"] == "c1"
    assert line["components"]["sentiment"]["value"] == 1.0
    assert classifier.closed


def test_the_accounts_of_a_file_are_scored_by_their_contacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "open_classifier", lambda _settings: Classifier())
    when = {"occurred_at": "2026-01-05T09:00:00Z"}
    facts = [
        {"type": "contact.updated", "event_id": "p1", "contact": "c1", "account": "a", **when},
        {"type": "account.updated", "event_id": "a1", "account": "a", "seats": 500, **when},
        MESSAGE,
    ]
    events = tmp_path / "events.jsonl"
    events.write_text("".join(json.dumps(fact) + "\n" for fact in facts))
    done = CliRunner().invoke(app, ["score", str(events), "--at", "2026-01-06T12:00:00", "--accounts", "--json"])
    assert done.exit_code == 0, done.output
    (line,) = map(json.loads, done.stdout.splitlines())
    assert (line["account"], line["members"], line["scored"], line["seats"]) == ("a", 1, 1, 500)
    assert line["score"] == line["minimum"]
    shown = CliRunner().invoke(app, ["score", str(events), "--accounts"])
    assert shown.exit_code == 0, shown.output
    assert " 500 " in shown.stdout


def test_events_are_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "open_classifier", lambda _settings: Classifier())
    done = CliRunner().invoke(app, ["score", "-", "--json"], input=json.dumps(MESSAGE) + "\n")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["contact"] == "c1"


def test_the_time_of_a_score_may_name_its_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "open_classifier", lambda _settings: Classifier())
    events = tmp_path / "events.jsonl"
    events.write_text(json.dumps(MESSAGE) + "\n")
    first, same, earlier = (
        CliRunner().invoke(app, ["score", str(events), "--json", "--at", at]).stdout
        for at in ("2026-01-05T10:30:00", "2026-01-05T11:30:00+01:00", "2026-01-05T10:30:00+01:00")
    )
    assert first == same
    assert first != ""
    assert earlier == ""


def test_a_table_of_accounts_fits_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "open_classifier", lambda _settings: Classifier())
    when = {"occurred_at": "2026-01-05T09:00:00Z"}
    account = {"type": "account.updated", "event_id": "a1", "account": "a00011", "seats": 50_000, **when}
    member = {"type": "contact.updated", "event_id": "p1", "contact": "c1", "account": "a00011", **when}
    answer = {"type": "survey.answered", "contact": "c1", "value": 0, "scale_min": 0, "scale_max": 10, **when}
    answers = [answer | {"event_id": kind, "answer": kind, "kind": kind} for kind in ("nps", "csat")]
    events = tmp_path / "events.jsonl"
    facts = [account | {"renewal_at": "2026-12-24T00:00:00Z"}, member, *answers, MESSAGE]
    events.write_text("".join(json.dumps(fact) + "\n" for fact in facts))
    shown = CliRunner().invoke(app, ["score", str(events), "--accounts"], env={"COLUMNS": "80"})
    assert shown.exit_code == 0, shown.output
    assert "needs_attention" in shown.stdout
    assert "50000  2026-12-24" in shown.stdout
