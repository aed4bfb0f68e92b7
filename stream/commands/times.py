"""Times that a person gives to a command."""

from datetime import UTC, datetime

import typer

from schemas.base import to_milliseconds


def in_utc(time: datetime) -> datetime:
    """A time that names a zone in UTC; one that names none is UTC. Raises `BadParameter` if it leaves the calendar."""
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError as error:
        raise typer.BadParameter(f"{time} is not in the years 1 to 9999 in UTC") from error


def utc(time: datetime) -> int:
    """UTC milliseconds of a time that names no zone, or any."""
    return to_milliseconds(in_utc(time))
