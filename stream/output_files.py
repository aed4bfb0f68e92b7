"""Files that commands write: there as a whole, or not at all."""

import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from stream.errors import BadInput
from stream.event_files import STANDARD_STREAM


@contextmanager
def written(file: Path) -> Iterator[BinaryIO]:
    """A file to write; `-`, a device or a named pipe takes what comes as it comes.

    Any other file appears under its name, or is replaced, when the context ends. If it ends by an error or by Ctrl-C,
    nothing is left, and what stood there stays. Raises `BadInput` for a file that cannot be written.
    """
    if file == STANDARD_STREAM or _is_standard_output(file):
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        passing = file.exists() and not file.is_file()
        opened: AbstractContextManager[BinaryIO] = file.open("wb") if passing else _whole(file)
        with opened as lines:
            yield lines
    except OSError as error:
        if error.filename is not None or isinstance(error, BrokenPipeError):
            raise
        raise BadInput(f"{file} cannot be written: {error.strerror}") from error


def _is_standard_output(file: Path) -> bool:
    """Whether it is a name of it, such as /dev/stdout: behind that may be a file, which is not ours to replace."""
    try:
        return os.path.samestat(file.stat(), os.fstat(sys.stdout.fileno()))
    except OSError:
        return False


@contextmanager
def _whole(file: Path) -> Iterator[BinaryIO]:
    target = file.resolve()  # a link goes on pointing to what is written
    unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        if target.exists():
            target.open("r+b").close()  # a folder lets a file be replaced that may not be written
        lines = unfinished.open("xb")
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}") from error
    try:
        with lines:
            yield lines
        if target.exists():
            shutil.copymode(target, unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
