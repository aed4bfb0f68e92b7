"""The model by which a tenant's contacts are scored: which components count, by how much, and where the bands lie."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import msgspec

from schemas.control import ModelPublished
from schemas.profiles import ContactUpdated
from tests.oracle.alert_rules import Rules, rules_of
from tests.oracle.facts import exact

BANDS = ("at_risk", "needs_attention", "healthy", "champion")


@dataclass(frozen=True)
class Model:
    """A model; the one of the specification unless told otherwise."""

    version: str = "default"
    weights: tuple[tuple[str, Fraction], ...] = tuple(
        (name, Fraction(25)) for name in ("nps", "csat", "sentiment", "engagement")
    )
    conversations: int = 5
    edges: tuple[int, int, int] = (31, 61, 81)
    caps: tuple[dict[str, Any], ...] = ()
    segment: str | None = None
    segments: tuple[tuple[dict[str, Any], "Model"], ...] = ()
    alerts: Rules = field(default_factory=lambda: rules_of({}, 31))

    def of(self, profile: ContactUpdated | None) -> "Model":
        """The model of the first segment that a contact is in, else this one."""
        return next((model for when, model in self.segments if profile and is_in(when, profile)), self)

    def band(self, score: int) -> str:
        """The band of a score."""
        return BANDS[sum(score >= edge for edge in self.edges)]


def model_of(event: ModelPublished) -> Model:
    """The model of a publication (the parameters that the oracle knows of)."""
    document: dict[str, Any] = msgspec.json.decode(event.model)
    segments = tuple(
        (one["when"], one_model(overridden(document, one), one["name"])) for one in document.get("segments", [])
    )
    return replace(one_model(document, None), segments=segments)


def overridden(document: dict[str, Any], segment: dict[str, Any]) -> dict[str, Any]:
    """The document as it is in a segment: field by field, but exceptions as a whole."""
    return document | {
        "components": _by_name(document["components"], segment.get("components", {})),
        "alerts": _by_name(document.get("alerts", {}), segment.get("alerts", {})),
        "bands": document.get("bands", {}) | segment.get("bands", {}),
        "exceptions": segment.get("exceptions", document.get("exceptions", [])),
    }


def _by_name(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    return {name: base.get(name, {}) | over.get(name, {}) for name in base | over}


def is_in(when: dict[str, Any], profile: ContactUpdated) -> bool:
    """Whether a profile is what a segment asks for."""
    asked = [(getattr(profile, name), wanted) for name, wanted in when.items() if name != "attributes"]
    asked += [(profile.attributes.get(name), wanted) for name, wanted in when.get("attributes", {}).items()]
    return all(said in (wanted if isinstance(wanted, list) else [wanted]) for said, wanted in asked)


def one_model(document: dict[str, Any], segment: str | None) -> Model:
    """The model of a document without its segments."""
    listed = document["components"]
    components = {name: one for name, one in listed.items() if one.get("enabled", True) and one.get("weight", 25) > 0}
    bands = document.get("bands", {})
    edges = (bands.get("needs_attention", 31), bands.get("healthy", 61), bands.get("champion", 81))
    return Model(
        version=document["version"],
        weights=tuple((name, exact(one.get("weight", 25))) for name, one in components.items()),
        conversations=components.get("sentiment", {}).get("conversations", 5),
        segment=segment,
        caps=tuple(document.get("exceptions", [])),
        edges=edges,
        alerts=rules_of(document.get("alerts", {}), edges[0]),
    )
