"""`heartline send` and `heartline simulate`, where their events are not as they should be."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.base import Event
from stream.commands import send
from stream.commands.app import app
from stream.errors import BadInput

GOOD = {"type": "ticket.opened", "event_id": "e", "occurred_at": "2026-01-05T10:00:00Z", "contact": "c", "ticket": "t"}


class FakeSender:
    """Confirms what it holds when it is flushed."""

    def __init__(self, _settings: object) -> None:
        self.sent = self._queued = 0

    def __enter__(self) -> "FakeSender":
        return self

    def __exit__(self, *_: object) -> None:
        """As the real one, it flushes only if all went well."""

    def send_event(self, event: Event) -> None:
        self._queued += 1

    def flush(self) -> None:
        self.sent = self._queued


def test_what_stands_before_a_bad_line_is_sent_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "Sender", FakeSender)
    file = tmp_path / "events.jsonl"
    file.write_text(f"{json.dumps(GOOD)}\n" * 3 + "{}\n" + json.dumps(GOOD))
    done = CliRunner().invoke(app, ["send", str(file)])
    assert isinstance(done.exception, BadInput)
    assert "line 4" in str(done.exception)
    assert str(done.exception).endswith("; sent 3 events that stand before it")


def test_a_simulation_that_goes_on_past_today_says_so() -> None:
    told = CliRunner().invoke(app, ["simulate", "--contacts", "5", "--days", "20", "--start", "2100-01-01"])
    events = told.stdout.splitlines()
    assert told.stderr.startswith(f"{len(events)} events lie more than 1 day ahead of today")
    before = CliRunner().invoke(app, ["simulate", "--contacts", "5", "--days", "20", "--start", "2020-01-01"])
    assert (before.exit_code, before.stderr) == (0, "")
