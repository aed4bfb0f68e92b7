"""The model by which a tenant's contacts are scored: which components count, by how much, and where the bands lie."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import msgspec

from schemas.control import ModelPublished
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

    def band(self, score: int) -> str:
        """The band of a score."""
        return BANDS[sum(score >= edge for edge in self.edges)]


def model_of(event: ModelPublished) -> Model:
    """The model of a publication (the parameters that the oracle knows of)."""
    document: dict[str, Any] = msgspec.json.decode(event.model)
    listed = document["components"]
    components = {name: one for name, one in listed.items() if one.get("enabled", True) and one.get("weight", 25) > 0}
    bands = document.get("bands", {})
    return Model(
        version=document["version"],
        weights=tuple((name, exact(one.get("weight", 25))) for name, one in components.items()),
        conversations=components.get("sentiment", {}).get("conversations", 5),
        edges=(bands.get("needs_attention", 31), bands.get("healthy", 61), bands.get("champion", 81)),
    )
