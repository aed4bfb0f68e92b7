"""The command line as a whole: help with examples, completion, exit codes."""

import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from stream.commands.app import app
from stream.commands.running import run
from stream.imports import load_mapping
from stream.views import ANY_WIDTH, console
from tests.unit.stream.test_operations import HANDBOOK

ROOT = Path(__file__).parents[3]
MAPPING = "examples/mappings/helpdesk-log.yaml"
COMMAND = Path(sys.executable).with_name("heartline")


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group."""
    yield path
    for name, sub in getattr(command, "commands", {}).items():
        yield from commands(sub, (*path, name))


ALL = list(commands(typer.main.get_command(app)))


def test_the_issues_commands_are_there() -> None:
    assert {" ".join(path) for path in ALL} >= {
        "worker", "topics create", "topics check", "send", "import", "simulate", "score", "watch", "explain", "demo",
        "dlq list", "dlq show", "dlq replay",
    }  # fmt: skip


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_the_help_of_every_command_has_an_example_that_names_it(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == 0
    example = shown.output.partition("Example")[2]
    assert " ".join(("heartline", *path)) in example


def test_the_mappings_in_the_help_of_import_know_the_files_beside_them() -> None:
    shown = CliRunner().invoke(app, ["import", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    found = re.findall(r"--mapping (examples/\S+) .*?(\S+\.csv)", shown)
    assert len(found) == 2
    for mapping, file in found:
        assert any(fnmatch(file, source.file) for source in load_mapping(ROOT / mapping).sources), file


def test_a_table_is_cut_for_a_screen_and_not_for_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stdout", StringIO())
    assert console().width == ANY_WIDTH
    monkeypatch.setenv("COLUMNS", "72")
    assert console().width == 72


@pytest.mark.parametrize("arguments", [["score", "-", "--at"], ["import", "--until"], ["replay", "--to"]], ids=" ".join)
def test_a_year_that_nobody_means_is_refused_by_the_name_of_its_option(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, [*arguments, "9000-12-30"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert done.exit_code == 2
    assert f"'{arguments[-1]}': 9000-12-30 00:00:00 is not in the years 1970 to 2200" in done.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_given_its_completion(shell: str) -> None:
    asked = {"_HEARTLINE_COMPLETE": f"source_{shell}"}
    script = CliRunner().invoke(app, [], prog_name="heartline", env=asked).output
    assert f"_HEARTLINE_COMPLETE=complete_{shell}" in script


def test_bash_completes_commands_arguments_topics_and_options() -> None:
    offered = {
        "heartline wo": {"worker"},
        "heartline worker ": {"intake", "scoring", "accounts", "portfolios"},
        "heartline dlq show support.s": {"support.surveys"},
        "heartline watch --con": {"--contact"},
    }
    script = f'eval "$(_HEARTLINE_COMPLETE=source_bash {COMMAND})"\n'
    for typed in offered:
        words = typed.split(" ")
        script += (
            f"COMP_WORDS=({' '.join(words[:-1])} '{words[-1]}') COMP_CWORD={len(words) - 1}\n"
            f"_heartline_completion {COMMAND}\n"
            'echo "${COMPREPLY[@]}"\n'
        )
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert [set(line.split()) for line in done.stdout.splitlines()] == list(offered.values()), done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "code"),
    [
        (["--help"], {}, 0),
        (["simulate", "--events", "1"], {}, 0),
        (["no-such-command"], {}, 2),
        (["simulate", "--events", "many"], {}, 2),
        (["simulate", "--events", "0"], {}, 2),
        (["simulate", "--days", "0"], {}, 2),
        (["simulate", "--days", "1", "--tenant", "Acme Inc."], {}, 2),
        (["simulate", "--days", "nan"], {}, 2),
        (["simulate", "--days", "inf", "--events", "1"], {}, 2),
        (["simulate", "--days", "1", "--models-every-days", "inf"], {}, 2),
        (["simulate", "--days", "1", "--contacts", "99999999999"], {}, 2),
        (["simulate", "--days", "1", "--start", "0001-01-01"], {}, 2),
        (["simulate", "--days", "1", "--start", "9999-12-30"], {}, 2),
        (["simulate", "--days", "1", "--to", "nowhere/events.jsonl"], {}, 11),
        (["simulate", "--days", "1", "--to", "/dev/full"], {}, 11),
        (["demo", "--picture", "nowhere/demo.svg"], {}, 11),
        (["replay", "--events", "/dev/null", "--from", "0001-01-01T00:00:00+05:00"], {}, 2),
        (["replay", "--events", "/dev/null", "--to", "9999-12-31T23:59:59-05:00"], {}, 2),
        (["replay", "--events", "/dev/null", "--from", "1969-12-31"], {}, 2),
        (["replay", "--events", "/dev/null", "--to", "2201-01-01"], {}, 2),
        (["score", "/dev/null", "--at", "9999-12-31T23:59:59"], {}, 2),
        (["score", "/dev/null", "--at", "9000-12-30"], {}, 2),
        (["import", "--finish", "--until", "9999-12-31T23:59:59"], {}, 2),
        (["erase", "ada@example.org"], {}, 2),
        (["restore", "ada", "--tenant", "Acme Inc."], {}, 2),
        (["merge", "ada", "ada@example.org"], {}, 2),
        (["erase", "ada", "--wait", "-1"], {}, 2),
        (["watch", "--tenant", "acme"], {}, 2),
        (["dlq", "show", "support.tickets", "--limit", "-1"], {}, 2),
        (["state", "reset"], {"HEARTLINE_DATA_DIRECTORY": "tests/nowhere"}, 0),
        (["settings"], {"HEARTLINE_PARTITIONS": "0"}, 10),
        (["import"], {}, 10),
        (["import", "--mapping", MAPPING, "--to", "e.jsonl", "--history", "pyproject.toml"], {}, 10),
        (["import", "--mapping", MAPPING, "--until", "2026-01-01", "pyproject.toml"], {}, 10),
        (["import", "--finish", "--until", "2026-01-01"], {}, 10),
        (["import", "--mapping", MAPPING, "--history", "--until", "2199-01-01", "pyproject.toml"], {}, 10),
        (["import", "--finish", "--mapping", MAPPING], {}, 10),
        (["import", "--finish", "pyproject.toml"], {}, 10),
        (["score", "pyproject.toml"], {"HEARTLINE_CLASSIFIER": "vader"}, 11),
        (["score", "tests"], {}, 11),
        (["score", "nowhere.jsonl"], {}, 11),
        (["replay", "--events", "tests"], {}, 11),
        (["replay", "--events", "/dev/null", "--to-dir", "README.md"], {}, 11),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_command_ends_with_the_code_that_the_handbook_gives(
    arguments: list[str], environment: dict[str, str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["heartline", *arguments])
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(BytesIO()))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        run()
    assert (ended.value.code or 0) == code
    assert re.search(rf"^\| (\d+, )?{code}(, \d+)? \|", HANDBOOK, re.MULTILINE), f"{code} is not in the handbook"
