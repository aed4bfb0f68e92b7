"""A data directory belongs to one worker at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from stream.errors import DataDirectoryInUse, StateError


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the directory (made if it is missing); the lock goes with the process, however it ends.

    Raises:
        DataDirectoryInUse: another process holds it.
        StateError: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StateError(f"the data directory {folder} cannot be used: {error}; check path and rights") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode() or "unknown"
            raise DataDirectoryInUse(
                f"the data directory {folder} is in use by process {holder}; give every worker a directory of its own"
            ) from None
        os.truncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)
