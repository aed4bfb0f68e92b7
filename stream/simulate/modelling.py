"""Administrators try out models: other weights, other bands, now and then the first ones again."""

from collections.abc import Sequence

import msgspec

from schemas.base import from_milliseconds
from schemas.control import ModelPublished
from stream.simulate.desk import Desk, Story
from stream.simulate.rhythm import DAY

_WEIGHTS: tuple[dict[str, float], ...] = (
    {"nps": 25, "csat": 25, "sentiment": 25, "engagement": 25},
    {"nps": 40, "csat": 30, "sentiment": 20, "engagement": 10},
    {"csat": 1, "sentiment": 2, "engagement": 1},
    {"nps": 10, "csat": 20, "sentiment": 60, "engagement": 12.5},
)
_BANDS: tuple[dict[str, int], ...] = (
    {},
    {"needs_attention": 31, "healthy": 61, "champion": 81},
    {"needs_attention": 40, "healthy": 70, "champion": 90},
)


def models_published(desk: Desk, tenants: Sequence[str], at: int, every_days: float) -> Story:
    """One of the tenants publishes a model, again and again, until nobody listens any more."""
    while True:
        at += int(every_days * DAY)
        tenant = desk.pick(tenants)
        version = f"v{desk.number()}"
        document = {
            "version": version,
            "components": {name: {"weight": weight} for name, weight in desk.pick(_WEIGHTS).items()},
            "bands": desk.pick(_BANDS),
        }
        yield (
            at,
            ModelPublished(
                event_id=f"model-{version}",
                occurred_at=from_milliseconds(at),
                tenant=tenant,
                version=version,
                model=msgspec.Raw(msgspec.json.encode(document)),
                author="admin1",
            ),
        )
