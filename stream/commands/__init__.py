"""The command line: `heartline`."""

import sys

from stream.commands.app import app
from stream.errors import HeartlineError


def main() -> None:
    """Run a command; an error of ours is one clear line and its exit code."""
    try:
        app()
    except HeartlineError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
