"""A Heartline that is hurt and tended: which workers should run, and a supervisor that starts ended ones again."""

import time
from collections import Counter
from collections.abc import Callable
from random import Random

from stream.errors import BrokerUnreachable, DeliveryFailed, Stalled, WorkerFenced
from stream.settings import Stage
from tests.chaos.load import Load
from tests.support.heartline import Heartline, TestWorker, wait_until

NAMED_ENDS = {error.exit_code: error.__name__ for error in (BrokerUnreachable, DeliveryFailed, Stalled, WorkerFenced)}
"""A worker may end itself with these while the broker is away or after it slept; its supervisor starts it again."""
READY_SECONDS = 120.0

Slot = tuple[Stage, str]


class UnexpectedEnd(AssertionError):
    """A worker ended in a way that no fault explains."""


class Field:
    """The workers by stage and id, under load."""

    def __init__(self, heartline: Heartline, load: Load, rng: Random) -> None:
        self.heartline = heartline
        self.load = load
        self.rng = rng
        self.workers: dict[Slot, TestWorker] = {}
        self.ends: Counter[str] = Counter()

    @property
    def session_seconds(self) -> float:
        """How long a worker may be silent before it loses its partitions."""
        return self.heartline.settings.session_timeout_seconds

    def start(self, stage: Stage, worker_id: str) -> TestWorker:
        """Start a worker, or start it again on its own disk."""
        worker = self.workers[stage, worker_id] = self.heartline.start(stage, worker_id)
        return worker

    def ids(self, stage: Stage) -> list[str]:
        """The workers of a stage."""
        return sorted(worker_id for of, worker_id in self.workers if of == stage)

    def any(self, stage: Stage) -> str:
        """One of them."""
        return self.rng.choice(self.ids(stage))

    def kill(self, stage: Stage, worker_id: str, *, disk_too: bool = False) -> None:
        """Kill -9, perhaps with the loss of its disk."""
        self.workers[stage, worker_id].kill()
        if disk_too:
            self.heartline.wipe(stage, worker_id)

    def remove(self, stage: Stage, worker_id: str) -> None:
        """Stop a worker for good, gracefully."""
        self.workers.pop((stage, worker_id)).stop()

    def tend(self) -> None:
        """Start again what ended by itself; raises `UnexpectedEnd` if it gave no reason that a fault explains."""
        for (stage, worker_id), worker in list(self.workers.items()):
            if not worker.running:
                code = worker.exit_code()
                if code not in NAMED_ENDS:
                    raise UnexpectedEnd(f"{stage} {worker_id} ended with code {code}:\n{worker.log[-4000:]}")
                self.ends[NAMED_ENDS[code]] += 1
                self.start(stage, worker_id)

    def wait_ready(self, timeout: float = READY_SECONDS) -> None:
        """Wait until every worker has its partitions, tending them meanwhile."""

        def ready() -> bool:
            self.tend()
            return all(worker.ready for worker in self.workers.values())

        wait_until(ready, timeout, "all workers ready")

    def wait(self, at_least: float, at_most: float) -> None:
        """Let some time pass."""
        time.sleep(self.rng.uniform(at_least, at_most))

    def calm(self, timeout: float = 600.0) -> None:
        """Wait until all that was sent is through."""
        self.wait_ready()
        deadline = time.monotonic() + timeout
        while not _settled(self.heartline):
            self.tend()
            if time.monotonic() > deadline:
                logs = "\n".join(worker.log[-2000:] for worker in self.workers.values())
                raise TimeoutError(f"records still wait after {timeout:g} s:\n{logs}")
        self.heartline.wait_quiet()


def _settled(heartline: Heartline) -> bool:
    try:
        heartline.wait_settled(timeout=10)
    except TimeoutError:
        return False
    return True


Fault = Callable[[Field], None]
