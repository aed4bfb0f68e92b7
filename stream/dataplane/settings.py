"""What the data plane of one worker needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneSettings:
    """Settings of one worker; the defaults suit scoring on Apache Kafka."""

    application: str
    """Name of the consumer group; prefix of the changelog's name and of the transactional id."""
    worker_id: str
    """Stable name of this worker within the application, e.g. the pod's: part of the transactional id."""
    bootstrap: str
    """`host:port[,host:port]`."""
    delivery: Literal["transactional", "plain"] = "transactional"
    librdkafka: Mapping[str, Any] = field(default_factory=dict)
    """Further properties of every librdkafka client: TLS and SASL."""
    faust: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of the Faust app: `broker_credentials`, the same in Faust's words."""

    table: str | None = None
    """Name of the state table; None: a stage without state."""
    data_dir: Path | None = None
    """Folder of the local state; needed with a table."""
    standby_replicas: int = 0
    instance_id: str | None = None
    """Static member id: a restart within the session timeout moves no partition."""

    topics_on_first_use: bool = False
    """The broker is librdkafka's mock cluster: topics appear with four partitions, there is nothing to check."""
    replication_factor: int = 1
    """Of the changelog, when it is created."""

    session_timeout_seconds: float = 10.0
    heartbeat_seconds: float = 2.0
    rebalance_timeout_seconds: float = 30.0
    transaction_timeout_seconds: float = 10.0
    commit_timeout_seconds: float = 60.0
    """How long a commit may be retried while the broker is away, before the process ends."""

    cycle_records: int = 4000
    cycle_bytes: int = 8 << 20
    """Most that one transaction takes before agents wait for room."""
    run_records: int = 1000
    buffer_records: int = 16_000
    buffer_bytes: int = 8 << 20
    """Most that waits in memory per partition of a source; beyond it the partition is paused, and what librdkafka has
    read ahead of it is lost. With a quarter of this the fold waits for records, and is a sixth slower.
    """

    block_cache_bytes: int = 32 << 20
    write_buffer_bytes: int = 8 << 20
    """RocksDB: the cache is shared by all partitions, write buffers are per partition."""

    kept_bytes: int = 1 << 20
    """Freed memory that the process may keep (see `memory.tame_malloc`)."""

    stall_seconds: float = 120.0
    """Records wait and nothing happens for this long: the watchdog ends the process."""
    drain_seconds: float = 10.0
    """Bound of the graceful stop."""

    @property
    def changelog(self) -> str | None:
        """Name of the changelog topic."""
        return None if self.table is None else f"{self.application}-{self.table}-changelog"

    @property
    def transactional_id(self) -> str:
        """Identity of the producers (`-0` and `-1` follow): a second process with it fences the first."""
        return f"{self.application}-{self.worker_id}"

    def client(self, **properties: Any) -> dict[str, Any]:
        """Properties of a librdkafka client."""
        return {"bootstrap.servers": self.bootstrap, **self.librdkafka, **properties}
