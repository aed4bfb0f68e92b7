"""Files that commands write: there as a whole, or not at all."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from schemas.base import Event
from stream.commands import INTERRUPTED, importing
from stream.commands.app import app
from stream.errors import BadInput
from stream.output_files import written
from stream.replay.outputs import Files
from stream.replay.running import Replay, Span, run
from tests.unit.stream.replay.logs import simulated

ROOT = Path(__file__).parents[3]
MAPPING = """
times: {zone: UTC}
sources:
  - file: "*.csv"
    events:
      - event: ticket.opened
        fields: {contact: contact, ticket: ticket, occurred_at: at}
"""


class Boom(Exception):
    """What goes wrong in the middle of a file."""


def fails(file: Path, error: BaseException) -> None:
    with written(file) as lines:
        lines.write(b"half of it")
        lines.flush()
        raise error


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    with written(tmp_path / "out") as lines:
        lines.write(b"all of it")
        assert not (tmp_path / "out").exists()
    assert (tmp_path / "out").read_bytes() == b"all of it"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [Boom(), KeyboardInterrupt()], ids=["an error", "Ctrl-C"])
def test_what_is_not_finished_leaves_nothing_and_what_was_there_as_it_was(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        fails(tmp_path / "new", error)
    assert names(tmp_path) == []
    old = tmp_path / "old"
    old.write_text("kept")
    with pytest.raises(type(error)):
        fails(old, error)
    assert names(tmp_path) == ["old"]
    assert old.read_text() == "kept"


def test_a_file_that_is_replaced_keeps_its_permissions_and_the_links_to_it(tmp_path: Path) -> None:
    old, link = tmp_path / "old", tmp_path / "link"
    old.write_text("before")
    old.chmod(0o640)
    link.symlink_to("old")
    with written(link) as lines:
        lines.write(b"after")
    assert link.is_symlink()
    assert old.read_text() == "after"
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere/out cannot be written: No such file or directory"):
        fails(tmp_path / "nowhere" / "out", Boom())
    with (
        pytest.raises(BadInput, match="/dev/full cannot be written: No space left on device"),
        written(Path("/dev/full")) as lines,
    ):
        lines.write(b"anything")
    with pytest.raises(BadInput, match="out cannot be written: No space left on device"):
        fails(tmp_path / "out", OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(IsADirectoryError):
        fails(tmp_path, Boom())


def test_a_named_pipe_takes_what_comes(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with written(pipe) as lines:
        lines.write(b"all of it")
    reader.join()
    assert read == [b"all of it"]
    assert pipe.is_fifo()


def simulated_to(name: str, into: Path) -> bytes:
    """What a shell gets that appends the output to a file."""
    script = f"{{ echo before; {sys.executable} -m stream simulate --days 0.01 --to {name}; echo after; }} >> {into}"
    subprocess.run(["sh", "-c", script], cwd=ROOT, check=True, timeout=60)
    return into.read_bytes()


def test_every_name_of_the_standard_output_is_the_standard_output(tmp_path: Path) -> None:
    outputs = [simulated_to(name, tmp_path / str(number)) for number, name in enumerate(("-", "/dev/stdout"))]
    assert outputs[0] == outputs[1]
    assert outputs[0].startswith(b"before\n{")
    assert outputs[0].endswith(b"}\nafter\n")


# -- by command --------------------------------------------------------------------------------------------------------


def exports(folder: Path) -> list[str]:
    (folder / "mapping.yaml").write_text(MAPPING)
    rows = "".join(f"ada,t{number},2026-01-05T10:00:00\n" for number in range(3))
    (folder / "tickets.csv").write_text(f"contact,ticket,at\n{rows}")
    return ["import", "--mapping", str(folder / "mapping.yaml"), str(folder / "tickets.csv")]


def test_an_import_writes_a_file_or_standard_output_and_says_how_many_beside_it(tmp_path: Path) -> None:
    arguments = exports(tmp_path)
    to_file = CliRunner().invoke(app, [*arguments, "--to", str(tmp_path / "events.jsonl")])
    assert (to_file.stdout, to_file.stderr) == ("", "imported 3 events\n")
    to_screen = CliRunner().invoke(app, [*arguments, "--to", "-"])
    assert to_screen.stdout_bytes == (tmp_path / "events.jsonl").read_bytes()


@pytest.mark.parametrize("before", [None, "kept"])
def test_an_import_that_fails_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    arguments, written = exports(tmp_path), list[Event]()
    target = tmp_path / "events.jsonl"
    if before is not None:
        target.write_text(before)
    there = names(tmp_path)

    def encode(event: Event) -> bytes:
        written.append(event)
        if len(written) == 3:
            raise Boom
        return b"{}"

    monkeypatch.setattr(importing, "encode", encode)
    assert isinstance(CliRunner().invoke(app, [*arguments, "--to", str(target)]).exception, Boom)
    assert names(tmp_path) == there
    assert before is None or target.read_text() == before


def test_a_simulation_that_is_interrupted_leaves_no_file(tmp_path: Path) -> None:
    arguments = ["simulate", "--contacts", "100", "--days", "100000", "--to", str(tmp_path / "events.jsonl")]
    process = subprocess.Popen(
        [sys.executable, "-m", "stream", *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    with process:
        while not names(tmp_path):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (INTERRUPTED, b"")
    assert names(tmp_path) == []


@pytest.mark.parametrize("was_there", [False, True])
def test_a_replay_that_fails_leaves_no_files_and_no_folder_of_its_own(tmp_path: Path, was_there: bool) -> None:
    folder = tmp_path / "out"
    if was_there:
        folder.mkdir()

    def advance(_steps: int) -> None:
        assert "health.scores.0.part" in names(folder)
        raise Boom

    with pytest.raises(Boom):
        run(Replay(simulated(), Span(), Files(folder)), 1, advance)
    assert names(tmp_path) == (["out"] if was_there else [])
    assert not was_there or names(folder) == []
