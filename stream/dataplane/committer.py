"""One thread that commits sealed cycles, while the event loop folds the next one."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from stream.dataplane.cycle import Batch
from stream.dataplane.delivery import Delivery, Fenced, Uncertain
from stream.dataplane.store import PartitionStore


@dataclass(slots=True)
class Outcome:
    """What became of a batch: committed, fenced, not known, or a reason to end the process (`error`)."""

    batch: Batch
    seconds: float = 0.0
    fenced: Fenced | None = None
    uncertain: Uncertain | None = None
    error: Exception | None = None


class Committer:
    """Delivery, then store, then acknowledgement: the local state is never ahead of what is committed."""

    def __init__(
        self,
        delivery: Delivery,
        store: Callable[[int], PartitionStore],
        finished: Callable[[Outcome], None],
    ) -> None:
        """`finished` is called from the thread, once per submitted batch."""
        self._delivery = delivery
        self._store = store
        self._finished = finished
        self._writing = threading.Lock()
        self._abandoned = False
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="committer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, batch: Batch) -> None:
        """Commit this next."""
        self._batches.put(batch)

    def abandon(self) -> None:
        """A call of the delivery hangs: whatever it comes to, nothing of it reaches the store any more."""
        self._delivery.abandon()
        with self._writing:
            self._abandoned = True
        self._batches.put(None)

    def close(self, seconds: float) -> bool:
        """Finish what was submitted, end the thread and the delivery; False: it is still busy after `seconds`."""
        self._batches.put(None)
        if self._thread.is_alive():
            self._thread.join(seconds)
        if self._thread.is_alive():
            return False
        self._delivery.close()
        return True

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None:
            outcome = Outcome(batch)
            started = time.monotonic()
            try:
                self._commit(batch)
            except Fenced as fenced:
                outcome.fenced = fenced
            except Uncertain as uncertain:
                outcome.uncertain = uncertain
            except Exception as error:  # noqa: BLE001  handed to the event loop, which ends the process
                outcome.error = error
            outcome.seconds = time.monotonic() - started
            self._finished(outcome)

    def _commit(self, batch: Batch) -> None:
        self._delivery.deliver(batch)
        with self._writing:
            if self._abandoned:
                raise Uncertain("the committer was abandoned")
            for partition, rows in batch.rows.items():
                self._store(partition).write(rows, batch.changelog_offsets.get(partition))
            for partition, keys in batch.forgotten.items():
                self._store(partition).compact(keys)
        self._delivery.acknowledge(batch)
