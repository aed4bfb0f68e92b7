"""What the data plane tells about itself; the metrics of the worker implement it."""

from typing import Protocol


class Observer(Protocol):
    """Called from the event loop and from the threads of the data plane: be quick, never raise."""

    def cycle_committed(self, records: int, bytes_in: int, outputs: int, rows: int, seconds: float) -> None:
        """A cycle is committed: records folded, their bytes, outputs, rows changed, seconds from seal to store."""

    def cycle_dropped(self, records: int) -> None:
        """A cycle of an old generation was dropped; its records come again."""

    def rebalanced(self, active: int, standby: int) -> None:
        """A new assignment is ready: partitions of the sources that are read, partitions kept as standby."""

    def recovering(self, partition: int, remaining: int) -> None:
        """Changelog records still to be read before this partition is ready; 0 at the end."""

    def lag(self, topic: str, partition: int, records: int) -> None:
        """Records between the last one folded and the end of the partition."""

    def state_bytes(self, partition: int, size: int) -> None:
        """Size of the local state of a partition on disk and in memory."""


class Silent:
    """An observer that does not care."""

    def cycle_committed(self, records: int, bytes_in: int, outputs: int, rows: int, seconds: float) -> None:
        """Nothing."""

    def cycle_dropped(self, records: int) -> None:
        """Nothing."""

    def rebalanced(self, active: int, standby: int) -> None:
        """Nothing."""

    def recovering(self, partition: int, remaining: int) -> None:
        """Nothing."""

    def lag(self, topic: str, partition: int, records: int) -> None:
        """Nothing."""

    def state_bytes(self, partition: int, size: int) -> None:
        """Nothing."""
