import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner

from models.sentiment.vader import VaderClassifier
from schemas.base import Event, to_milliseconds
from schemas.control import ContactMerged
from schemas.decoding import encode
from stream.commands.app import app
from stream.history import entries
from stream.imports import with_ticks
from stream.local import LocalFold
from stream.replay.folding import Folding, Sent
from stream.replay.log import EventsLog
from stream.replay.running import fold_until
from stream.settings import Settings
from stream.simulate import simulate
from stream.story import tell
from tests.unit.stream.replay.logs import START
from tests.unit.stream.replay.test_folding import Outputs, keep, outputs


def events_file(folder: Path, days: int = 60) -> tuple[Path, list[Event]]:
    """A helpdesk in which the two busiest contacts turn out to be one person in the middle of it."""
    events = list(simulate(seed=3, contacts=30, start=START, days=days))
    busy = Counter(name for event in events if (name := getattr(event, "contact", None)) is not None)
    (one, _), (other, _) = busy.most_common(2)
    merge = ContactMerged(event_id="m", occurred_at=START + timedelta(days=days / 2), contact=one, into=other)
    events = sorted([*events, merge], key=lambda event: event.occurred_at)
    file = folder / "events.jsonl"
    file.write_bytes(b"".join(encode(event) + b"\n" for event in events))
    return file, events


def test_a_file_of_events_gives_what_the_score_command_folds_merges_included(tmp_path: Path) -> None:
    file, events = events_file(tmp_path)
    log = EventsLog(file, Settings(classifier="vader"))
    local, expected = LocalFold(), Outputs()
    for at, entry in entries(with_ticks(events), VaderClassifier()):
        for key, reaction in local.log(entry, at):
            keep(expected, key, [reaction])
    sent: list[Sent] = []
    with Folding(0, hand_on=True) as folding:
        fold_until(folding, log, None, sent.append, lambda _: None)
        assert folding._merged, "something was handed on"
    assert outputs(sent) == expected


def test_the_commands_work_on_a_file_without_a_broker(tmp_path: Path) -> None:
    file, events = events_file(tmp_path, days=30)
    merged = {event.contact for event in events if isinstance(event, ContactMerged)}
    contact = next(
        name for event in events if (name := getattr(event, "contact", None)) is not None and name not in merged
    )
    env = {"HEARTLINE_CLASSIFIER": "vader", "COLUMNS": "200"}
    run = CliRunner()

    def said(*arguments: str, exit_code: int = 0) -> str:
        done = run.invoke(app, [*arguments, "--events", str(file)], env=env)
        assert done.exit_code == exit_code, done.output
        return done.output

    assert "Contacts at the end of each month" in said("replay", "--to-dir", str(tmp_path / "out"), "--by", "month")
    assert "Alerts in each month" not in said("replay", "--by", "month")
    assert "Alerts in each month" in said("replay", "--by", "month", "--alerts")
    story = tell(EventsLog(file, Settings(classifier="vader")), "default", contact)
    assert story.latest is not None
    text = said("explain", contact)
    assert f"default/{contact}: {story.latest.score}" in text
    assert "the last 30 days" in text
    model = tmp_path / "model.yaml"
    model.write_text("version: mine\ncomponents: {engagement: {}}\n")
    assert "contacts change band; nothing was published" in said(
        "model", "preview", str(model), "--since", "2026-01-10"
    )
    of_accounts = tmp_path / "accounts.yaml"
    of_accounts.write_text("version: mine\ncomponents: {engagement: {}}\naccount: {components: {seats: {}}}\n")
    preview = ["model", "preview", str(of_accounts), "--since", "2026-01-10"]
    assert "accounts are not previewed; this model changes how they are scored:\naccount.comp" in said(*preview)
    (line,) = json.loads(said(*preview, "--json"))["end"]["not_previewed"]
    assert line.startswith("account.components.seats: new")
    by_model = said("explain", contact, "--model", str(model))
    assert "model mine" in by_model
    assert "sentiment" not in by_model
    day = START + timedelta(days=20)
    known = [one for at, one in story.scores if at < to_milliseconds(day) and one is not None]
    outcomes = tmp_path / "outcomes.csv"
    outcomes.write_text(f"contact,date,outcome\n{contact},{day:%Y-%m-%d},churned\n")
    assert known
    assert "1 outcomes of contacts (1 churned)" in said("backtest", "--outcomes", str(outcomes))
