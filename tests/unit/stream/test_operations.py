"""The handbook and the code say the same of errors and metrics."""

import re
from itertools import cycle
from pathlib import Path

import stream.commands.app  # which imports every module that has errors
import stream.errors
from stream.errors import HeartlineError

HANDBOOK = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()


def all_errors(error: type[HeartlineError] = HeartlineError) -> list[type[HeartlineError]]:
    found = [] if error is HeartlineError else [error]
    return found + [
        one for sub in error.__subclasses__() if sub.__module__.startswith("stream.") for one in all_errors(sub)
    ]


def test_every_error_that_ends_a_process_is_in_the_handbook_with_its_exit_code() -> None:
    documented = {
        name: int(code)
        for codes, names in re.findall(r"^\| ([\d, ]+) \| ([A-Za-z, ]+) \|", HANDBOOK, re.MULTILINE)
        for code, name in zip(cycle(codes.split(", ")), names.split(", "), strict=False)
    }
    ends = {
        error.__name__: error.exit_code
        for error in all_errors()
        if not error.__subclasses__() or error.__name__ in documented
    }
    assert documented == ends


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn = dict(re.findall(r"^[ │├└─]*(\w+) +(\d+)\b", stream.errors.__doc__ or "", re.MULTILINE))
    assert drawn == {error.__name__: str(error.exit_code) for error in [HeartlineError, *all_errors()]}
