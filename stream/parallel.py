"""Work on the partitions of a topic in several processes."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from queue import Empty
from typing import Any, TypeVar

from stream.logs import only_warnings

Result = TypeVar("Result")
Advance = Callable[[int], None]
Work = Callable[[int, Advance], Result]
"""Does what is to be done with a partition, and tells how far it is now and then; it can be pickled."""

REPORT_SECONDS = 0.2

_reports: Any = None
_stop: Any = None


class CalledOff(Exception):
    """Nobody waits for the work any more."""


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each_partition(work: Work[Result], partitions: Sequence[int], processes: int, advance: Advance) -> list[Result]:
    """The results in the order of `partitions`. One process: in this one. An error of the work is raised here; it and
    Ctrl-C end the other work as soon as that tells how far it is.
    """
    if min(processes, len(partitions)) <= 1:
        return [work(partition, advance) for partition in partitions]
    context = get_context("spawn")  # a fork of a process with Kafka clients' threads would hang
    reports, stop = context.Queue(), context.Event()
    pool = ProcessPoolExecutor(min(processes, len(partitions)), context, initializer=_begin, initargs=(reports, stop))
    try:
        with _interrupts_held():
            futures = [pool.submit(_one, work, partition) for partition in partitions]
        _watch(futures, reports, advance)
        return [future.result() for future in futures]
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes that begin in here never hear of Ctrl-C, which a terminal sends to all: this one tells them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watch(futures: "list[Future[Result]]", reports: Any, advance: Advance) -> None:
    left = set(futures)
    while left:
        done, left = wait(left, REPORT_SECONDS, FIRST_COMPLETED)
        while True:
            try:
                advance(reports.get_nowait())
            except Empty:
                break
        for future in done:
            future.result()


def _begin(reports: Any, stop: Any) -> None:
    global _reports, _stop
    only_warnings()
    _reports, _stop = reports, stop


def _one(work: Work[Result], partition: int) -> Result:
    return work(partition, _advance)


def _advance(steps: int) -> None:
    if _stop.is_set():
        raise CalledOff
    _reports.put(steps)
