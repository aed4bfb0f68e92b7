"""Ctrl-C, on real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from stream.commands import INTERRUPTED
from stream.parallel import Advance, each_partition

ROOT = Path(__file__).parents[3]
IMPORTS = ("-X", "importtime")
"""Python tells of each module, on the error stream, when it has been imported."""
ENDS_WITHIN_SECONDS = 20.0


def heeds_ctrl_c() -> None:
    """A shell lets what it runs in the background ignore Ctrl-C, and that is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def heartline(*arguments: str, python: Sequence[str] = ()) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, *python, "-m", "stream", *arguments],
        env=os.environ | {"HEARTLINE_CLASSIFIER": "vader", "HEARTLINE_BOOTSTRAP_SERVERS": "127.0.0.1:9"},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeds_ctrl_c,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(stream: IO[str] | None, words: str) -> None:
    assert stream is not None
    assert any(words in line for line in stream), f"it ended before it said {words}"


def interrupted(process: "subprocess.Popen[str]") -> str:
    """What a process still has to say on the error stream after Ctrl-C, besides what it imported."""
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=ENDS_WITHIN_SECONDS)
    assert process.returncode == INTERRUPTED, said
    return "".join(line for line in said.splitlines(keepends=True) if not line.startswith("import time:"))


@pytest.mark.parametrize("module", ["confluent_kafka.cimpl", "pydantic.main", "faust.types", "stream.commands.score"])
def test_ctrl_c_while_modules_are_imported_ends_without_a_word(module: str) -> None:
    with heartline("score", "-", python=IMPORTS) as process:
        wait_for(process.stderr, f" {module}\n")
        assert interrupted(process) == ""


def test_ctrl_c_ends_a_command_that_works() -> None:
    with heartline("simulate", "--contacts", "100", "--days", "100000") as process:
        wait_for(process.stdout, "message.created")
        assert interrupted(process) == ""


def test_ctrl_c_ends_a_command_that_waits_for_its_input() -> None:
    with heartline("classify", python=IMPORTS) as process:
        wait_for(process.stderr, "vaderSentiment")
        time.sleep(0.5)
        assert interrupted(process) == ""


def test_ctrl_c_in_place_of_an_answer_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTLINE_DATA_DIRECTORY", str(tmp_path))
    (tmp_path / "contacts").mkdir()
    with heartline("state", "reset") as process:
        assert process.stdout is not None
        asked = ""
        while not asked.endswith("[y/N]: "):
            asked += process.stdout.read(1)
        assert interrupted(process).strip() == ""
    assert (tmp_path / "contacts").is_dir()


def test_ctrl_c_that_a_shell_has_its_background_ignore_is_ignored() -> None:
    script = f"trap '' INT; {sys.executable} -m stream simulate --days 0.01 & wait $!"
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""


# -- several processes -------------------------------------------------------------------------------------------------


def folds_until_stopped(folder: Path, partition: int, advance: Advance) -> None:
    """Partition 0 fails as soon as the other one works, which never ends by itself."""
    if partition:
        while True:
            advance(1)
            (folder / "works").touch()
            time.sleep(0.01)
    while not (folder / "works").exists():
        time.sleep(0.01)
    raise ValueError("partition 0 fails")


def test_the_failure_of_one_partition_ends_the_work_on_the_others(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="partition 0 fails"):
        each_partition(partial(folds_until_stopped, tmp_path), range(2), 2, lambda _: None)


def interrupts_itself(partition: int, advance: Advance) -> int:
    os.kill(os.getpid(), signal.SIGINT)
    advance(1)
    return partition


def test_ctrl_c_reaches_only_the_process_that_waits_for_the_others() -> None:
    assert each_partition(interrupts_itself, range(3), 2, lambda _: None) == [0, 1, 2]
