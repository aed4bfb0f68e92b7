"""The walk-through of the README: its helpdesk is one of these days, else every score would have decayed."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.control import ContactErased, ContactMerged
from schemas.decoding import InputEvent, decode_event, input_topic
from schemas.surveys import SurveyAnswered
from schemas.tickets import TicketOpened
from stream.simulate import simulate

ROOT = Path(__file__).parents[4]
README = (ROOT / "README.md").read_text()
(COMMAND,) = re.findall(r"^heartline (simulate .+)$", README, re.MULTILINE)
(EXPLAINED,) = re.findall(r"^heartline explain (\S+)$", README, re.MULTILINE)
CONTACTS, DAYS = (int(*re.findall(rf"--{name} (\d+)", COMMAND)) for name in ("contacts", "days"))


def test_the_events_of_the_readme_are_of_the_last_days_and_none_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m stream {COMMAND.replace('events.jsonl', str(tmp_path / 'events.jsonl'))}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    now = datetime.now(UTC)
    events = [read(line, now) for line in (tmp_path / "events.jsonl").read_bytes().splitlines()]
    times = [event.occurred_at for event in events]
    assert len(times) > 100
    assert now - timedelta(days=DAYS + 2) < min(times)
    assert now - timedelta(days=2) < max(times)


def read(line: bytes, now: datetime) -> InputEvent:
    """An event as intake takes it."""
    event = decode_event(input_topic(line) or "", line, now_ms=int(now.timestamp() * 1000), tenants=None)
    assert isinstance(event, InputEvent), event
    return event


@pytest.mark.parametrize("weekday", range(7))
def test_the_contact_that_the_readme_explains_is_there_whatever_the_day(weekday: int) -> None:
    told = simulate(
        seed=1, contacts=CONTACTS, start=datetime(2026, 1, 5 + weekday, tzinfo=UTC), days=DAYS, tenants=("default",)
    )
    of_it = [event for event in told if getattr(event, "contact", None) == EXPLAINED]
    assert any(isinstance(event, SurveyAnswered | TicketOpened) for event in of_it)
    assert not [event for event in of_it if isinstance(event, ContactErased | ContactMerged)]
