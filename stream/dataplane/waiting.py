"""Runs that wait for an agent. What arrives for a partition while one waits is added to it: under load runs grow."""

from collections import deque
from collections.abc import Sequence

from stream.dataplane.run import Run

Key = tuple[str, int]


class WaitingRoom:
    """In order per partition, in turn between partitions; an agent has at most one untaken run of a partition."""

    def __init__(self, run_records: int) -> None:
        """`run_records` is the most that one run grows to."""
        self._run_records = run_records
        self._runs: dict[Key, deque[Run]] = {}
        self._handed: set[Key] = set()

    def __bool__(self) -> bool:
        return bool(self._runs)

    def add(self, runs: Sequence[Run]) -> None:
        """Newly read runs, in order."""
        for run in runs:
            line = self._runs.setdefault((run.topic, run.partition), deque())
            last = line[-1] if line else None
            if last is not None and len(last.records) + len(run.records) <= self._run_records:
                last.records.extend(run.records)
                last.size += run.size
            else:
                line.append(run)

    def hand(self) -> Run | None:
        """The next run for an agent; None: each has one, or there are none."""
        for key, line in self._runs.items():
            if key not in self._handed:
                run = line.popleft()
                del self._runs[key]
                if line:
                    self._runs[key] = line  # behind the other partitions
                self._handed.add(key)
                return run
        return None

    def taken(self, run: Run) -> None:
        """The agent has taken it."""
        self._handed.discard((run.topic, run.partition))

    def clear(self) -> None:
        """The generation is over."""
        self._runs.clear()
        self._handed.clear()
