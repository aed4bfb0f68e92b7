"""Watches over a running plane: ends the process when it is stuck, and tells the observer where it stands."""

import asyncio
import itertools
import os
import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from stream.errors import HeartlineError, Stalled

log = structlog.get_logger(__name__)

_TICK_SECONDS = 1.0
_REPORT_TICKS = 5


class Watched(Protocol):
    """What the watchdog looks at; read from its thread."""

    progressed: float
    """When something last moved (monotonic)."""

    @property
    def busy(self) -> bool:
        """Is there something to do: records in memory, a commit, or an assignment that is not ready yet?"""

    @property
    def failure(self) -> HeartlineError | None:
        """The error that ends the process."""

    def fail(self, error: BaseException) -> None:
        """End the process."""

    async def look_after_commits(self) -> None:
        """Go on without a commit that hangs."""

    def report(self) -> None:
        """Tell the observer lag and sizes."""


class Watchdog:
    """A thread until the process is gone: it also notices a blocked event loop, and an end that does not come."""

    def __init__(self, plane: Watched, stall_seconds: float, end_seconds: float) -> None:
        """`end_seconds` is how long an orderly end may take, after a failure or when asked to."""
        self._plane = plane
        self._stall_seconds = stall_seconds
        self._end_seconds = end_seconds
        self._asked = False
        self._over = False
        self._ending_since: float | None = None
        self._exit: Callable[[int], None] = os._exit

    def start(self) -> None:
        """Start watching."""
        threading.Thread(target=self._work, name="watchdog", daemon=True).start()

    def end(self) -> None:
        """The worker was asked to end: it has `end_seconds` from the next look on."""
        self._asked = True

    def over(self) -> None:
        """All is committed that will be: should a client's thread still keep the process, it is let go as a success."""
        self._over = True

    def _work(self) -> None:
        while True:
            time.sleep(min(1.0, self._stall_seconds / 4))
            try:
                self.look(time.monotonic())
            except Exception as error:  # noqa: BLE001  a worker that nobody watches must not go on
                self._plane.fail(error)

    def look(self, now: float) -> None:
        """One look."""
        plane = self._plane
        failure = plane.failure
        if failure is not None or self._asked:
            self._ending_since = self._ending_since or now
            if now - self._ending_since > self._end_seconds:
                if failure is None and self._over:
                    log.warning("worker.left", reason="a client's call has not returned; nothing is left to do")
                    self._exit(0)
                    return
                reason = failure or Stalled(f"the end did not come within {self._end_seconds:.0f} s of being asked for")
                log.error("worker.killed", error=str(reason), seconds=self._end_seconds)
                self._exit(reason.exit_code)
        elif plane.busy and now - plane.progressed > self._stall_seconds:
            plane.fail(
                Stalled(
                    f"records wait and nothing was processed for {self._stall_seconds:.0f} s: the broker, an agent or "
                    "the group is stuck; the process ends so that its supervisor starts it again"
                )
            )


async def look_after(plane: Watched) -> None:
    """Look after hanging commits and tell the observer, every few seconds, until cancelled."""
    for tick in itertools.count(1):
        await asyncio.sleep(_TICK_SECONDS)
        try:
            await plane.look_after_commits()
            if tick % _REPORT_TICKS == 0:
                plane.report()
        except Exception as error:  # noqa: BLE001  the process ends with it
            plane.fail(error)
