"""Work on the partitions of a topic in several processes."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from queue import Empty
from typing import Any, TypeVar

from stream.logs import only_warnings

Result = TypeVar("Result")
Advance = Callable[[int], None]
Work = Callable[[int, Advance], Result]
"""Does what is to be done with a partition, and tells how far it is; it can be pickled."""

REPORT_SECONDS = 0.2

_reports: Any = None


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each_partition(work: Work[Result], partitions: Sequence[int], processes: int, advance: Advance) -> list[Result]:
    """The results in the order of `partitions`. One process: in this one. An error of the work is raised here."""
    if min(processes, len(partitions)) <= 1:
        return [work(partition, advance) for partition in partitions]
    context = get_context("spawn")  # a fork of a process with Kafka clients' threads would hang
    reports = context.Queue()
    pool = ProcessPoolExecutor(min(processes, len(partitions)), context, initializer=_begin, initargs=(reports,))
    try:
        futures = [pool.submit(_one, work, partition) for partition in partitions]
        _watch(futures, reports, advance)
        return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)


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


def _begin(reports: Any) -> None:
    global _reports
    only_warnings()
    _reports = reports


def _one(work: Work[Result], partition: int) -> Result:
    return work(partition, _reports.put)
