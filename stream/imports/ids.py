"""Ids of events that a source gives none: made of what happened to what and when.

So the same row of a later or larger export has the same id, and counts once.
"""

from hashlib import blake2b

MAX_CHARACTERS = 128


def event_id(event: str, *parts: object) -> str:
    """`ticket.solved:4711:1349794217000`; a hash of it where that is too long for an event id."""
    name = ":".join([event, *(str(part) for part in parts)])
    if len(name) <= MAX_CHARACTERS:
        return name
    return f"{event}:{blake2b(name.encode(), digest_size=16).hexdigest()}"
