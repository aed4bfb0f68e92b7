"""Work that runs beside the agents, for the length of one generation."""

import asyncio
from collections.abc import Awaitable, Callable

from stream.dataplane.run import Generation

Work = Callable[[Generation], Awaitable[None]]


class Background:
    """Starts all work with a generation and cancels it with its end."""

    def __init__(self, fail: Callable[[BaseException], None]) -> None:
        """`fail` hears of work that raised."""
        self._fail = fail
        self._works: list[Work] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, work: Work) -> None:
        """Run this in every generation."""
        self._works.append(work)

    def start(self, generation: Generation) -> None:
        """A generation begins."""
        for work in self._works:
            task = asyncio.get_running_loop().create_task(self._guarded(work, generation))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """The generation is over."""
        for task in self._tasks:
            task.cancel()

    async def stop(self, seconds: float) -> None:
        """Cancel, and wait until all is still."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=seconds)

    async def _guarded(self, work: Work, generation: Generation) -> None:
        try:
            await work(generation)
        except Exception as error:  # noqa: BLE001  the process ends with it
            self._fail(error)
