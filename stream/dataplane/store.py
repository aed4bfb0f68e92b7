"""The local state: one RocksDB per partition, written only with what is committed."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
    WriteBufferManager,
    WriteOptions,
)

from stream.errors import DiskFull, StateError

META = b"\0"
"""Prefix of the plane's own rows; no key of a stage begins with it."""
_WRITE_BUFFERS = 4
"""Write buffers that all partitions together may fill."""
_OFFSET = META + b"offset"
_CHANGELOG_ID = META + b"changelog-id"

_NO_ROOM = ("No space left", "Disk quota exceeded", "File too large")
"""What the system says when a disk is full, a quota used up, or a process may not write more."""

Get = Callable[[bytes], bytes | None]


class PartitionStore:
    """Rows of one partition by key, and the changelog offset that they are at."""

    def __init__(self, path: Path, options: Options) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with _named_errors(path):
            self._db: Any = Rdict(str(path), options)
        self.get: Get = self._db.get  # the method itself: it is called once per record
        self._unlogged = WriteOptions()
        self._unlogged.disable_wal = True  # type: ignore[method-assign,assignment]  # a property, whatever the stub says

    def offset(self) -> int | None:
        """Changelog offset of the newest record in here; None: nothing was ever written."""
        raw = self._db.get(_OFFSET)
        return None if raw is None else int(raw)

    def changelog_id(self) -> str | None:
        """Id of the changelog topic that this state came from."""
        raw = self._db.get(_CHANGELOG_ID)
        return None if raw is None else raw.decode()

    def remember_changelog(self, topic_id: str) -> None:
        """Keep the id of the changelog topic."""
        with _named_errors(self.path):
            self._db.put(_CHANGELOG_ID, topic_id.encode())

    def write(self, rows: Iterable[tuple[bytes, bytes | None]], offset: int | None, *, logged: bool = True) -> None:
        """Put or delete (None) rows and move the offset, atomically.

        `logged=False` skips the write-ahead log: after a crash the state is older but whole, which is all a restore
        needs.
        """
        batch = WriteBatch(raw_mode=True)
        put, delete = batch.put, batch.delete
        for key, value in rows:
            if value is None:
                delete(key)
            else:
                put(key, value)
        if offset is not None:
            put(_OFFSET, b"%d" % offset)
        with _named_errors(self.path):
            if logged:
                self._db.write(batch)
            else:
                self._db.write(batch, self._unlogged)

    def items(self, after: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        """Rows in key order behind `after`. Take a bounded number and drop the iterator before you await."""
        start = META + b"\xff" if after is None else after + b"\0"
        return iter(self._db.items(from_key=start))

    def compact(self, keys: Iterable[bytes]) -> None:
        """Compact around each of some keys, so that no older version of them stays on the disk.

        The write buffers go to disk first, and their write-ahead log with them: so the newest version is never in the
        lowest level already, and every older one is an input of the compaction.
        """
        with _named_errors(self.path):
            self._db.flush()
            for key in keys:
                self._db.compact_range(key, key + b"\0")

    def size(self) -> int:
        """Bytes on disk and in the write buffers."""
        disk = self._db.property_int_value("rocksdb.total-sst-files-size") or 0
        memory = self._db.property_int_value("rocksdb.cur-size-all-mem-tables") or 0
        return int(disk + memory)

    def flush(self) -> None:
        """Move the write buffers to disk."""
        with _named_errors(self.path):
            self._db.flush()

    def close(self) -> None:
        """Close the files; the object is of no use afterwards."""
        with _named_errors(self.path):
            self._db.close()


class Stores:
    """The open partitions of one table in one folder."""

    def __init__(self, folder: Path, block_cache_bytes: int, write_buffer_bytes: int) -> None:
        self._folder = folder
        self._open: dict[int, PartitionStore] = {}
        self._cache = Cache(block_cache_bytes)
        self._write_buffer_bytes = write_buffer_bytes
        self._write_buffers = WriteBufferManager(_WRITE_BUFFERS * write_buffer_bytes, False)

    def __getitem__(self, partition: int) -> PartitionStore:
        return self._open[partition]

    def open(self, partition: int) -> PartitionStore:
        """The store of a partition, opened if it is not."""
        store = self._open.get(partition)
        if store is None:
            store = self._open[partition] = PartitionStore(self._folder / str(partition), self._options())
        return store

    def partitions(self) -> list[int]:
        """The partitions that are open."""
        return sorted(self._open)

    def keep(self, partitions: set[int]) -> None:
        """Close all others. Their files stay: they may come back."""
        for partition in set(self._open) - partitions:
            self._open.pop(partition).close()

    def _options(self) -> Options:
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_write_buffer_size(self._write_buffer_bytes)
        options.set_max_write_buffer_number(2)
        options.set_write_buffer_manager(self._write_buffers)
        options.set_compression_type(DBCompressionType.lz4())
        options.set_max_open_files(256)
        options.set_keep_log_file_num(2)
        options.set_max_total_wal_size(4 * self._write_buffer_bytes)
        table = BlockBasedOptions()
        table.set_block_cache(self._cache)
        table.set_bloom_filter(10, False)
        table.set_format_version(5)
        options.set_block_based_table_factory(table)
        return options


@contextlib.contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """RocksDB raises plain exceptions: give them the names of our tree."""
    try:
        yield
    except StateError:
        raise
    except Exception as error:
        text = str(error)
        if any(reason in text for reason in _NO_ROOM):
            raise DiskFull(
                f"there is no room under {path} ({text}); free space, then start again: the rows are in the changelog"
            ) from error
        raise StateError(
            f"RocksDB failed in {path}: {text}; "
            "if it does not go away, delete that folder: it is restored from the changelog"
        ) from error
