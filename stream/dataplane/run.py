"""What an agent receives: runs of records, and the generation of the group that they belong to."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

Headers = Sequence[tuple[str, bytes | None]]


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record as Kafka has it; `timestamp` is the broker's or producer's, in milliseconds."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None
    timestamp: int


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """One membership of the group between two rebalances; compared by identity.

    A cycle belongs to one generation and is committed under it, never under the one of the moment: that is the fence
    against a worker that slept while its partitions moved.
    """

    number: int
    member_id: str
    group: str
    instance_id: str | None = None

    def metadata(self) -> bytes:
        """What librdkafka's `consumer_group_metadata()` would return for this member (its own format, version 2)."""
        head = b"CGMDv2:" + struct.pack("<i", self.number) + self.group.encode() + b"\0" + self.member_id.encode()
        if self.instance_id is None:
            return head + b"\0\x01"
        return head + b"\0\x00" + self.instance_id.encode() + b"\0"


@dataclass(slots=True, eq=False)
class Run:
    """Consecutive records of one partition, in order, read under one generation."""

    topic: str
    partition: int
    records: list[Record]
    generation: Generation
    size: int = 0
    """Bytes of keys and values."""
