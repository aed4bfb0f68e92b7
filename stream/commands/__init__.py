"""The command line: `heartline`.

This module imports next to nothing: all commands together take a second to import, and Ctrl-C has to end that, too.
"""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130
"""The exit code after Ctrl-C, as a shell has it for a process that SIGINT ended."""


def main() -> None:
    """Run a command. Ctrl-C ends it with exit code 130 and no traceback, whatever it is about; the second one at once.

    A command that runs cleans up behind it. Before that and after it there is nothing to clean up.
    """
    # A script's shell lets what it runs in the background ignore Ctrl-C: that is left as it is.
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    interrupt = _Interrupt()
    if heeded:
        signal.signal(signal.SIGINT, _leave)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed (`>&-`): a file that is opened next would get its number, and its text
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    from stream.commands.running import run

    try:
        if heeded:
            signal.signal(signal.SIGINT, interrupt)
        run()
    except (KeyboardInterrupt, SystemError):  # librdkafka's client makes a SystemError of what interrupts a callback
        if not interrupt.heard:
            raise
        sys.exit(INTERRUPTED)
    finally:
        if heeded:
            signal.signal(signal.SIGINT, _leave)


class _Interrupt:
    """Interrupts a command, and remembers it."""

    def __init__(self) -> None:
        self.heard = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.heard:
            _leave(number, frame)
        self.heard = True
        raise KeyboardInterrupt


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once. An exception would be shown, or swallowed by what imports, and threads would be waited for."""
    os._exit(INTERRUPTED)
