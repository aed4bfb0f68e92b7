"""Runs a data plane as a process: start in the right order, stop gracefully, end with a named error."""

import asyncio
import contextlib
import signal
from typing import Any

import structlog

from stream.dataplane.directory import exclusive
from stream.dataplane.memory import calm_collector, tame_malloc
from stream.dataplane.plane import DataPlane
from stream.dataplane.threads import in_thread
from stream.dataplane.watch import Watchdog, look_after

log = structlog.get_logger(__name__)

STEPS_OF_A_STOP = 5
"""Background work, what is folded, Faust, the source, the committer: each may take `drain_seconds`."""

SPARE_SECONDS = 5.0
"""What an end may take beyond these before the process is killed."""


def run(plane: DataPlane[Any]) -> None:
    """Work until SIGTERM or SIGINT. Blocks.

    Raises:
        HeartlineError: the worker had to end; nothing unfinished was acknowledged.
    """
    asyncio.run(_main(plane))


async def _main(plane: DataPlane[Any]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(plane, stop)


async def serve(plane: DataPlane[Any], stop: asyncio.Event) -> None:
    """Work until `stop` is set, as part of a larger program. Raises as `run`.

    The process has to end soon after this has returned: else the watchdog ends it.
    """
    tame_malloc(plane.settings.kept_bytes)
    calm_collector()
    with contextlib.ExitStack() as held:
        if plane.settings.data_dir is not None:
            held.enter_context(exclusive(plane.settings.data_dir))
        watchdog = _watchdog(plane)
        if not await _prepared(plane, stop):
            watchdog.end()
            watchdog.over()
            watchdog.start()
            return
        plane.start()
        await _work(plane, stop, watchdog)
    if plane.failure is not None:
        raise plane.failure


async def _prepared(plane: DataPlane[Any], stop: asyncio.Event) -> bool:
    """False: asked to stop meanwhile; brokers that do not answer are left to the thread that asks them."""
    preparing, stopping = in_thread("prepare", plane.prepare), asyncio.create_task(stop.wait())
    both: list[asyncio.Future[Any]] = [preparing, stopping]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not preparing.done():
        return False
    preparing.result()
    return True


def _watchdog(plane: DataPlane[Any]) -> Watchdog:
    end_seconds = STEPS_OF_A_STOP * plane.settings.drain_seconds + SPARE_SECONDS
    return Watchdog(plane, plane.settings.stall_seconds, end_seconds)


async def _work(plane: DataPlane[Any], stop: asyncio.Event, watchdog: Watchdog) -> None:
    seconds = plane.settings.drain_seconds
    watchdog.start()
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait()), asyncio.create_task(plane.ended.wait())]
    others: list[asyncio.Task[Any]] = [asyncio.create_task(_start(plane)), asyncio.create_task(look_after(plane))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if plane.failure is None:
            watchdog.end()
            log.info("worker.draining")
            await plane.leave()
    finally:
        await _close(plane, seconds)
        watchdog.over()
        for task in tasks + others:
            task.cancel()


async def _start(plane: DataPlane[Any]) -> None:
    try:
        await plane.app.start()
    except Exception as error:  # noqa: BLE001  the process ends with it
        plane.fail(error)


async def _close(plane: DataPlane[Any], seconds: float) -> None:
    try:
        await asyncio.wait_for(plane.app.stop(), seconds)
    except Exception as error:  # noqa: BLE001  the process ends anyway, and Faust acknowledges nothing
        log.warning("faust.stop", error=repr(error))
    await in_thread("release", lambda: plane.release(seconds))
