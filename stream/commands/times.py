"""Times that a person gives to a command."""

from datetime import UTC, datetime

import typer

from schemas.base import to_milliseconds

# What a fold comes to is a tick for each day: a slip of the hand must not make it work for minutes.
FIRST_YEAR, LAST_YEAR = 1970, 2200


def in_utc(time: datetime) -> datetime:
    """A time that names a zone in UTC; one that names none is UTC. Raises `BadParameter` for a year nobody means."""
    wrong = typer.BadParameter(f"{time} is not in the years {FIRST_YEAR} to {LAST_YEAR} in UTC")
    try:
        found = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError as error:
        raise wrong from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise wrong
    return found


def moment(time: datetime | None) -> datetime | None:
    """The same as the callback of an option, which the error then names."""
    return None if time is None else in_utc(time)


def utc(time: datetime) -> int:
    """UTC milliseconds of a time that names no zone, or any."""
    return to_milliseconds(in_utc(time))
