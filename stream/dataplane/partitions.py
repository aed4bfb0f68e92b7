"""The local state of the partitions that are ours: opened, identified, restored, or kept as standby."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from itertools import islice

import structlog

from stream.dataplane.control import Key
from stream.dataplane.cycle import Batch
from stream.dataplane.identity import Identity
from stream.dataplane.observer import Observer
from stream.dataplane.restore import Restorer, Standbys
from stream.dataplane.settings import PlaneSettings
from stream.dataplane.source import Source
from stream.dataplane.store import PartitionStore, Stores
from stream.dataplane.threads import in_thread
from stream.errors import ConfigurationError

log = structlog.get_logger(__name__)


class Partitions:
    """Stores, restore and standbys of one table; does nothing for a stage without one."""

    def __init__(self, settings: PlaneSettings, observer: Observer, progress: Callable[[], None]) -> None:
        """`progress` hears, from a thread, that the restore gets on."""
        self._settings = settings
        self._observer = observer
        self._restorer = Restorer(settings, observer, progress)
        self._standbys = Standbys(settings)
        self._stores: Stores | None = None
        self._cancelled = threading.Event()
        self._still = threading.Event()
        self._still.set()
        self._busy: asyncio.Future[dict[Key, int]] | None = None
        self._identity: Identity | None = None
        self.active: frozenset[int] = frozenset()

    def open(self, ids: Mapping[str, str]) -> None:
        """Prepare the folder; `ids` of the topics as they are today."""
        settings = self._settings
        if settings.table is None or settings.changelog is None:
            return
        self._identity = Identity(settings.changelog, ids)
        if settings.data_dir is None:
            raise ConfigurationError(f"the table {settings.table} needs a data directory")
        self._stores = Stores(
            settings.data_dir / settings.table, settings.block_cache_bytes, settings.write_buffer_bytes
        )

    def store(self, partition: int) -> PartitionStore:
        """The open store of an active partition."""
        assert self._stores is not None
        return self._stores[partition]

    def keys(self, partition: int, after: bytes | None, limit: int) -> list[bytes]:
        """Committed keys in order."""
        return [key for key, _ in islice(self.store(partition).items(after), limit)]

    async def prepare(self, source: Source, sources: set[Key], active: set[int], standby: set[int]) -> dict[Key, int]:
        """Committed offsets, then a restore to the end; returns where the sources start."""
        self.active = frozenset()  # stores may close from here on
        if self._busy is not None and not self._busy.done():
            self._cancelled.set()
            await asyncio.wait([self._busy])  # a rebalance came during the last one: it still holds the stores
        cancelled = self._cancelled = threading.Event()
        self._busy = in_thread("restore", lambda: self._prepare(source, sources, active, standby, cancelled))
        try:
            starts = await asyncio.shield(self._busy)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        if not cancelled.is_set():  # else the next one, which waits for this, has the say of what is open
            self.active = frozenset(active)
        return starts

    def mark(self, batch: Batch) -> None:
        """Add what the plane itself has to remember with these rows."""
        if self._identity is not None:
            self._identity.mark(batch)

    def marked(self, batch: Batch) -> None:
        """The batch is committed."""
        if self._identity is not None:
            self._identity.marked(batch)

    def report(self) -> None:
        """Tell the observer how large the state is."""
        for partition in self.active:
            self._observer.state_bytes(partition, self.store(partition).size())

    def cancel(self) -> None:
        """Call off a restore that is under way."""
        self._cancelled.set()

    def close(self, seconds: float) -> None:
        """Close all stores; nothing may be committing."""
        self.cancel()
        if not self._still.wait(seconds):
            log.warning("restore.hangs", seconds=seconds)
            return
        self._standbys.leave()
        if self._stores is not None:
            self._stores.keep(set())

    def _prepare(
        self, source: Source, sources: set[Key], active: set[int], standby: set[int], cancelled: threading.Event
    ) -> dict[Key, int]:
        self._still.clear()
        try:
            starts = source.committed(sources)
            return self._restored(starts, source.folded_before, active, standby, cancelled)
        finally:
            self._still.set()

    def _restored(
        self,
        starts: dict[Key, int],
        folded_before: frozenset[Key],
        active: set[int],
        standby: set[int],
        cancelled: threading.Event,
    ) -> dict[Key, int]:
        changelog = self._settings.changelog
        if self._stores is None or changelog is None:
            return starts
        self._standbys.leave()
        self._stores.keep(active | standby)
        opened: Mapping[int, PartitionStore] = {p: self._stores.open(p) for p in active | standby}
        assert self._identity is not None
        for partition, store in opened.items():
            self._identity.check_changelog(partition, store)
        self._restorer.restore(changelog, {p: opened[p] for p in active}, cancelled)
        if not cancelled.is_set():
            for partition in active:
                folded = any(p == partition for _, p in folded_before)
                self._identity.check_sources(partition, opened[partition], folded)
            self._standbys.follow(changelog, {p: opened[p] for p in standby})
        return starts
