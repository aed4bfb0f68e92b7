"""The commands as a person uses them, against a running Heartline."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas.catalogue import SUPPORT_SURVEYS
from schemas.surveys import SurveyAnswered
from tests.oracle.real_data import ROOT
from tests.support.heartline import Heartline, wait_until
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.timeout(300)
SHOWN_SECONDS = 60.0
"""Python itself needs seconds to start where others keep the cores busy."""


@pytest.fixture(scope="module")
def heartline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heartline]:
    with KafkaBroker() as broker:
        running = Heartline(broker, tmp_path_factory.mktemp("heartline"))
        run(running, "topics", "create")
        running.start("intake")
        running.start("scoring")
        events = running.folder / "events.jsonl"
        run(running, "simulate", "--contacts", "30", "--events", "600", "--to", str(events))
        assert "sent 600 events" in run(running, "send", str(events))
        running.wait_settled()
        yield running
        running.stop()


def run(heartline: Heartline, *arguments: str, exit_code: int = 0) -> str:
    """Run a command; returns what it printed (of an error: on standard error)."""
    done = subprocess.run(
        [sys.executable, "-m", "stream", *arguments],
        env=heartline.process_environment | {"COLUMNS": "200"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == exit_code, done.stderr
    return done.stdout if exit_code == 0 else done.stderr


def test_topics_that_were_created_pass_the_check(heartline: Heartline) -> None:
    assert "all topics are as they have to be" in run(heartline, "topics", "check")
    assert "was there" in run(heartline, "topics", "create")


def test_explain_says_why_a_contact_has_its_score(heartline: Heartline) -> None:
    score = next(iter(heartline.final_scores().values()))
    text = run(heartline, "explain", score.contact)
    assert f"{score.tenant}/{score.contact}" in text
    assert f"{score.score_raw:.2f}" in text
    for component in score.components:
        assert component in text
    record = json.loads(run(heartline, "explain", score.contact, "--json"))["score"]
    assert (record["seq"], record["score"]) == (score.seq, score.score)


def test_a_contact_without_a_score_is_a_clear_error(heartline: Heartline) -> None:
    assert "default/nobody has no score" in run(heartline, "explain", "nobody", exit_code=12)


def _heed_ctrl_c() -> None:
    """A shell lets what it runs in the background ignore Ctrl-C, and that is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def watching(heartline: Heartline, screen: Path, *arguments: str) -> Iterator[None]:
    """`heartline watch` beside what is done here; then Ctrl-C, which has to end it at once and well."""
    with screen.open("wb") as shown:
        watch = subprocess.Popen(
            [sys.executable, "-m", "stream", "watch", *arguments],
            env=heartline.process_environment | {"COLUMNS": "200", "LINES": "50", "FORCE_COLOR": "1"},
            cwd=ROOT,
            stdout=shown,
            preexec_fn=_heed_ctrl_c,
        )
    try:
        yield
        watch.send_signal(signal.SIGINT)
        assert watch.wait(30) == 0
    finally:
        watch.kill()
        watch.wait()


def seen(screen: Path) -> str:
    """What is on the screen, though a character may be half written."""
    return screen.read_text(errors="replace")


def test_watch_shows_scores_until_it_is_interrupted(heartline: Heartline, tmp_path: Path) -> None:
    screen = tmp_path / "screen"
    names = [score.contact for score in heartline.final_scores().values()]
    with watching(heartline, screen, "--from-beginning"):
        wait_until(lambda: any(name in seen(screen) for name in names), SHOWN_SECONDS, "a score on the screen")
    shown = seen(screen)
    assert "Customer health" in shown


def test_watch_of_a_contact_shows_its_present_score_and_what_comes_of_it_and_nobody_else(
    heartline: Heartline, tmp_path: Path
) -> None:
    screen = tmp_path / "screen"
    (one, *others) = heartline.final_scores().values()
    angry = SurveyAnswered(
        event_id="watched-1",
        occurred_at=datetime.now(UTC),
        contact=one.contact,
        kind="nps",
        value=0,
        scale_min=0,
        scale_max=10,
    )
    with watching(heartline, screen, "--contact", one.contact):
        present = f"{one.tenant}/{one.contact}", str(one.score)
        wait_until(lambda: all(word in seen(screen) for word in present), SHOWN_SECONDS, "the present score")
        before = seen(screen)
        heartline.send([angry])
        heartline.wait_settled()
        after = heartline.final_scores()[one.tenant, one.contact]
        row = str(after.score), "survey.answered", f"{after.change.total:+.1f}"
        assert not all(word in before for word in row)
        wait_until(
            lambda: all(word in seen(screen).removeprefix(before) for word in row), SHOWN_SECONDS, "the new score"
        )
    shown = seen(screen)
    assert after.cause.id == "watched-1"
    assert not any(f"{other.tenant}/{other.contact} " in shown for other in others)


def test_a_bad_record_is_listed_shown_and_sent_again(heartline: Heartline) -> None:
    off_scale = {
        "type": "survey.answered",
        "event_id": "bad-1",
        "occurred_at": "2026-01-05T10:00:00Z",
        "contact": "someone",
        "kind": "nps",
        "value": 42,
        "scale_min": 0,
        "scale_max": 10,
    }
    producer = Producer({"bootstrap.servers": heartline.broker.bootstrap})
    producer.produce(SUPPORT_SURVEYS, json.dumps(off_scale).encode(), b"default/someone", headers={"trace": "t-1"})
    assert producer.flush(30) == 0
    heartline.wait_settled()

    listed = run(heartline, "dlq", "list")
    assert SUPPORT_SURVEYS in listed
    assert "off_scale" in listed
    assert f"{SUPPORT_SURVEYS}[" in run(heartline, "dlq", "show", SUPPORT_SURVEYS)
    assert '"value": 42' in run(heartline, "dlq", "show", SUPPORT_SURVEYS, "--values")
    assert "sent 1 records" in run(heartline, "dlq", "replay", SUPPORT_SURVEYS, "--reason", "off_scale", "--yes")
    heartline.wait_settled()
    letters = heartline.records(f"{SUPPORT_SURVEYS}-dlq")
    assert len(letters) == 2, "it is as bad as before"
    assert dict(letters[1].headers() or [])["trace"] == b"t-1"  # type: ignore[call-overload]


def test_dead_letters_of_a_topic_that_has_none_are_refused(heartline: Heartline) -> None:
    assert "has no dead letters" in run(heartline, "dlq", "show", "health.scores", exit_code=10)


def test_a_line_that_is_no_event_is_named(heartline: Heartline, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    good = b'{"type": "tenant.registered", "event_id": "t", "occurred_at": "2026-01-05T10:00:00Z", "tenant": "t"}\n'
    file.write_bytes(good * 3 + b'{"type": "ticket.opened"}\n' + good)
    said = run(heartline, "send", str(file), exit_code=11)
    assert "line 4" in said
    assert "sent 3 events that stand before it" in said


def test_settings_are_shown_without_secrets(heartline: Heartline) -> None:
    heartline.environment["HEARTLINE_SASL_PASSWORD"] = "hunter2"
    try:
        shown = run(heartline, "settings")
    finally:
        del heartline.environment["HEARTLINE_SASL_PASSWORD"]
    assert "HEARTLINE_SASL_PASSWORD" in shown
    assert "hunter2" not in shown


def test_a_reset_of_everything_gives_the_same_scores_again(heartline: Heartline) -> None:
    before = heartline.final_scores()
    scoring = next(worker for worker in heartline.workers if worker.stage == "scoring")
    scoring.stop()
    given = dict(heartline.environment)
    # Of the shell's settings only the directory counts: the changelog gets the partitions of the log.
    heartline.environment |= {"HEARTLINE_DATA_DIRECTORY": str(scoring.data_directory), "HEARTLINE_PARTITIONS": "7"}
    try:
        assert "is gone" in run(heartline, "state", "reset", "--everywhere", "--yes")
    finally:
        heartline.environment.clear()
        heartline.environment.update(given)
    heartline.start("scoring")
    heartline.wait_settled()
    after = heartline.final_scores()
    assert {subject: (score.event_id, score.score_raw) for subject, score in after.items()} == {
        subject: (score.event_id, score.score_raw) for subject, score in before.items()
    }
