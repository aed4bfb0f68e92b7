"""Administrators try out models: other weights, bands, caps and segments, now and then the first ones again."""

from collections.abc import Sequence
from typing import Any

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
_EXCEPTIONS: tuple[list[dict[str, Any]], ...] = (
    [],
    [],
    [
        {"name": "urgent", "when": {"open_ticket": {"severity": "urgent"}}, "cap": 60},
        {"name": "many", "when": {"open_ticket": {"count": 3}}, "cap": 70},
    ],
    [
        {"name": "detractor", "when": {"answer": {"kind": "nps", "at_most": 0.6, "window_days": 20}}, "cap": 50},
        {"name": "silent", "when": {"component": {"name": "engagement", "at_most": 0.4}}, "cap": 40},
    ],
)
_SEGMENTS: tuple[list[dict[str, Any]], ...] = (
    [],
    [
        {"name": "deciders", "when": {"decision_maker": True}, "components": {"engagement": {"weight": 50}}},
        {"name": "large", "when": {"attributes": {"plan": ["Business", "Enterprise"]}}, "bands": {"champion": 95}},
    ],
    [{"name": "north", "when": {"division": "north", "attributes": {"plan": "Team"}}, "exceptions": []}],
)


def models_published(desk: Desk, tenants: Sequence[str], at: int, every_days: float) -> Story:
    """One of the tenants publishes a model, again and again, until nobody listens any more."""
    while True:
        at += int(every_days * DAY)
        tenant = desk.pick(tenants)
        version = f"v{desk.number()}"
        document: dict[str, Any] = {
            "version": version,
            "components": {name: {"weight": weight} for name, weight in desk.pick(_WEIGHTS).items()},
            "bands": desk.pick(_BANDS),
            "segments": desk.pick(_SEGMENTS),
        }
        exceptions = desk.pick(_EXCEPTIONS)
        counting = document["components"]
        document["exceptions"] = [one for one in exceptions if _goes_by(one) in (None, *counting)]
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


def _goes_by(exception: dict[str, Any]) -> str | None:
    """The component that an exception goes by, if it does."""
    component = exception["when"].get("component")
    return None if component is None else str(component["name"])
