import re
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException
from typer.testing import CliRunner

from stream import sending, topics
from stream.commands import running
from stream.commands.app import app
from stream.errors import BrokerUnreachable
from stream.settings import Settings
from tests.unit.stream.test_operations import HANDBOOK

ROOT = Path(__file__).parents[3]


def exits(monkeypatch: pytest.MonkeyPatch, raises: object) -> int:
    """The exit code of a command that does this."""

    def app() -> None:
        if isinstance(raises, Exception):
            raise raises
        Settings()

    monkeypatch.setattr(running, "app", app)
    with pytest.raises(SystemExit) as ended:
        running.run()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_wrong_setting_is_one_line_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEARTLINE_HTTP_PORT", "ninety")
    assert exits(monkeypatch, None) == 10
    assert capsys.readouterr().err.startswith("ConfigurationError: HEARTLINE_HTTP_PORT: ")


def test_a_wrong_secret_is_not_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HEARTLINE_SASL_PASSWORD", "hunter2")
    monkeypatch.setenv("HEARTLINE_PARTITIONS", "-1")
    exits(monkeypatch, None)
    assert "hunter2" not in capsys.readouterr().err


def test_a_file_that_cannot_be_opened_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exits(monkeypatch, FileNotFoundError(2, "No such file or directory", "exports/events.jsonl")) == 11
    assert capsys.readouterr().err == "BadInput: exports/events.jsonl: No such file or directory\n"


def refused() -> None:
    raise ConnectionError(111, "Connection refused")


def test_an_error_of_the_system_that_names_no_file_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "app", refused)
    with pytest.raises(ConnectionError):
        running.run()


def test_what_kafka_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    refused = KafkaException(KafkaError(KafkaError.INVALID_REPLICATION_FACTOR, "3 copies on 1 broker"))
    assert exits(monkeypatch, refused) == 20
    said = "BrokerError: Kafka refused: 3 copies on 1 broker (INVALID_REPLICATION_FACTOR)\n"
    assert capsys.readouterr().err == said


def piped(command: str) -> "subprocess.CompletedProcess[str]":
    """`heartline` and the rest of a line of bash, which has the exit code of what fails first."""
    script = f"set -o pipefail; {sys.executable} -m stream {command}"
    return subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_output_that_nobody_reads_any_more_ends_a_command_without_a_word() -> None:
    done = piped("simulate --contacts 100 --days 300 | head -1")
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (running.UNREAD, "", 1)
    assert re.search(rf"^\| {running.UNREAD} \|", HANDBOOK, re.MULTILINE)


@pytest.mark.parametrize("command", ["simulate --days 1", "model schema", "settings"])
def test_output_that_there_is_no_space_for_is_one_line(command: str) -> None:
    done = piped(f"{command} > /dev/full")
    assert (done.returncode, done.stderr.count("\n")) == (33, 1)
    assert done.stderr.startswith("DiskFull: the output is cut off")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_output_that_is_closed_is_thrown_away(closed: str) -> None:
    done = piped(f"settings {closed}")
    assert (done.returncode, done.stderr) == (0, "")


SENDING = [
    ["send", "EVENTS"], ["erase", "c"], ["restore", "c"], ["merge", "a", "b"],
    ["state", "reset", "--everywhere", "--yes"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", SENDING, ids=" ".join)
def test_brokers_that_do_not_answer_are_an_error_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(sending, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(topics, "TIMEOUT_SECONDS", 3.0)
    kept = tmp_path / "data" / "kept"
    kept.mkdir(parents=True)
    events = tmp_path / "events.jsonl"
    events.touch()
    named = [str(events) if word == "EVENTS" else word for word in arguments]
    env = {"HEARTLINE_BOOTSTRAP_SERVERS": "127.0.0.1:9", "HEARTLINE_DATA_DIRECTORY": str(kept.parent)}
    done = CliRunner().invoke(app, named, env=env)
    assert isinstance(done.exception, BrokerUnreachable)
    assert "no broker of 127.0.0.1:9 answers" in str(done.exception)
    assert kept.is_dir()
