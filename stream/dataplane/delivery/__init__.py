"""How a sealed cycle reaches Kafka: a port with two adapters that pass one contract suite."""

from typing import Protocol

from stream.dataplane.cycle import Batch


class Fenced(Exception):
    """The group has moved on: the cycle's generation is over. Nothing of the cycle is visible."""


class Replaced(Fenced):
    """A newer member of the group has our static id: this process itself, joined anew, or a rival."""


class Uncertain(Exception):
    """Whether the cycle is committed is not known: committed offsets and changelog have to be read again."""


class Delivery(Protocol):
    """Used by one committer's thread only; `open` comes first, `abandon` from anywhere."""

    def open(self) -> None:
        """Connect, and end what a killed predecessor left open."""

    def deliver(self, batch: Batch) -> None:
        """Make outputs and changelog durable, and fill `batch.changelog_offsets`.

        Raises:
            Fenced: the generation is over; nothing was made visible.
            Uncertain: the connection to the cycle's fate was lost; the delivery itself is ready for the next.
            BrokerError: anything else; the process has to end.
        """

    def acknowledge(self, batch: Batch) -> None:
        """Called after the rows are in the store. Raises as `deliver` does."""

    def abandon(self) -> None:
        """A call hangs: another delivery takes over. This one must not take anything over again when it wakes."""

    def close(self) -> None:
        """Let go of the broker, at most a few seconds."""
