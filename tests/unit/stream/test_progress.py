"""Bars are for people: they never get into what a command puts out."""

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_a_bar_is_on_the_terminal_and_the_output_is_clean() -> None:
    ours, theirs = pty.openpty()
    code = """
import time
from stream.commands.progress import counted
for number in counted(range(3), "working", 3):
    print(number, flush=True)
    time.sleep(0.3)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=True,
        timeout=60,
    )
    os.close(theirs)
    bar = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.stdout == b"0\n1\n2\n"
    assert "working" in bar


def test_without_a_terminal_there_is_no_bar() -> None:
    code = "from stream.commands.progress import counted\nprint(list(counted(range(3), 'working')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == (b"[0, 1, 2]\n", b"")
