"""A band that a person set by hand: the latest word counts, and it ends by itself."""

import msgspec

from models.health.facts.sections import NOTHING, OVERRIDE
from schemas.base import Band, to_milliseconds
from schemas.control import OverrideCleared, OverrideSet


class Override(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The latest word: a band, or None when the override was cleared. `expires_at` in UTC milliseconds."""

    at: int
    event_id: str
    author: str
    band: Band | None = None
    reason: str = ""
    expires_at: int | None = None

    def in_force(self, now: int) -> bool:
        """Whether it sets a band at `now`."""
        return self.band is not None and (self.expires_at is None or now < self.expires_at)

    def band_at(self, now: int) -> Band | None:
        """The band in force at `now`, if any."""
        return self.band if self.in_force(now) else None


def newer_override(old: Override | None, fact: OverrideSet | OverrideCleared, at: int) -> tuple[int, Override | None]:
    """The override after a fact, and the sections that changed."""
    if old is not None and (at, fact.event_id) <= (old.at, old.event_id):
        return NOTHING, old
    if isinstance(fact, OverrideCleared):
        return OVERRIDE, Override(at, fact.event_id, fact.author)
    expires_at = None if fact.expires_at is None else to_milliseconds(fact.expires_at)
    return OVERRIDE, Override(at, fact.event_id, fact.author, fact.health_band, fact.reason, expires_at)
