"""A command as a process: what a person can mend is one clear line and an exit code, not a traceback."""

import errno
import sys

from confluent_kafka import KafkaError, KafkaException
from pydantic import ValidationError

from stream.commands.app import app
from stream.errors import BadInput, BrokerError, ConfigurationError, DiskFull, HeartlineError

UNREAD = 141
"""The exit code when nobody reads the output any more (`heartline … | head`), as a shell has it for SIGPIPE."""


def run() -> None:
    """Run the command that the arguments name. Raises SystemExit with its exit code."""
    try:
        app()
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):
            sys.exit(UNREAD)
        raise
    except (HeartlineError, ValidationError, KafkaException, OSError) as error:
        named = _named(error)
        if named is None:
            raise
        print(f"{type(named).__name__}: {named}", file=sys.stderr)
        sys.exit(named.exit_code)


def _named(error: Exception) -> HeartlineError | None:
    if isinstance(error, HeartlineError):
        return error
    if isinstance(error, OSError):
        if error.filename is not None:
            return BadInput(f"{error.filename}: {error.strerror}")
        if error.errno != errno.ENOSPC:
            return None
        sys.stdout = None  # what it still holds would be written, and fail, once more
        return DiskFull("the output is cut off, no space left: free some, or write it elsewhere")
    if isinstance(error, ValidationError):
        wrong = (f"HEARTLINE_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors())
        return ConfigurationError("; ".join(wrong))
    refused: KafkaError = error.args[0]
    return BrokerError(f"Kafka refused: {refused.str()} ({refused.name()})")
