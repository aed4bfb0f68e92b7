"""Runs a data plane as a process: start in the right order, stop gracefully, end with a named error."""

import asyncio
import contextlib
import signal
from typing import Any

import structlog

from stream.dataplane import topics
from stream.dataplane.plane import DataPlane
from stream.dataplane.threads import in_thread

log = structlog.get_logger(__name__)


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
    """Work until `stop` is set, as part of a larger program. Raises as `run`."""
    plane._loop = asyncio.get_running_loop()
    await in_thread("check", lambda: _before_joining(plane))
    plane._committer.start()
    plane._source.start()
    starting = asyncio.create_task(plane.app.start())
    starting.add_done_callback(lambda task: _started(plane, task))
    stopping = asyncio.create_task(stop.wait())
    try:
        while plane._failure is None and not stop.is_set():
            changed = asyncio.create_task(plane._changed.wait())
            await asyncio.wait({changed, stopping}, return_when=asyncio.FIRST_COMPLETED, timeout=1.0)
            changed.cancel()
        if plane._failure is None:
            log.info("worker.draining")
            await plane.leave()
    finally:
        stopping.cancel()
        await _close(plane, starting)
    if plane._failure is not None:
        raise plane._failure


def _started(plane: DataPlane[Any], task: "asyncio.Task[None]") -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        plane.fail(error)


def _before_joining(plane: DataPlane[Any]) -> None:
    if plane.settings.data_dir is not None:
        plane.settings.data_dir.mkdir(parents=True, exist_ok=True)
    topics.check(plane.settings, plane.sources())
    plane._partitions.open()
    plane._delivery.open()


async def _close(plane: DataPlane[Any], starting: "asyncio.Task[None]") -> None:
    seconds = plane.settings.drain_seconds
    with contextlib.suppress(Exception):
        await asyncio.wait_for(plane.app.stop(), seconds)
    starting.cancel()
    await in_thread("close", lambda: _release(plane, seconds))


def _release(plane: DataPlane[Any], seconds: float) -> None:
    plane._source.close(seconds)
    if plane._committer.close(seconds):
        plane._delivery.close()
        plane._partitions.close()
