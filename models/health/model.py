"""A health model is data that a tenant publishes: which components count, by how much, and where the bands lie."""

from typing import Annotated, Any, NamedTuple

import msgspec

from models.health.bands import BandEdges
from models.health.components.component import Component
from models.health.components.csat import Csat
from models.health.components.engagement import Engagement
from models.health.components.nps import Nps
from models.health.components.registry import COMPONENTS
from models.health.components.sentiment import Sentiment
from models.health.errors import ModelError

DEFAULT_VERSION = "default"


class Part(NamedTuple):
    """A component that counts, with what is asked of it for every signal."""

    component: Component
    code: int
    weight: int | float
    reads: int


class HealthModel:
    """A model that is valid. `parts` are the components that count, in the model's order."""

    def __init__(self, version: str, components: list[Component], bands: BandEdges) -> None:
        self.version = version
        self.bands = bands
        self.parts = tuple(Part(c, c.code, c.weight, c.reads) for c in components if c.enabled and c.weight > 0)
        self.total_weight = sum(part.weight for part in self.parts)
        if not self.parts:
            raise ModelError(
                f"model {version!r}: no component is enabled with a weight above 0: nothing could be scored"
            )


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    components: dict[str, dict[str, Any]]
    bands: BandEdges = BandEdges()


def parse_model(document: bytes | msgspec.Raw) -> HealthModel:
    """The model of a JSON document. Raises ModelError, which names the field."""
    try:
        read = msgspec.json.decode(document, type=_Document)
    except msgspec.DecodeError as error:
        raise ModelError(f"the model cannot be read: {error}") from error
    components = [_component(read.version, name, fields) for name, fields in read.components.items()]
    return HealthModel(read.version, components, read.bands)


def _component(version: str, name: str, fields: dict[str, Any]) -> Component:
    kind = COMPONENTS.get(name)
    if kind is None:
        known = ", ".join(COMPONENTS)
        raise ModelError(f"model {version!r}: components.{name} is not a component; there are: {known}")
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise ModelError(f"model {version!r}: components.{name}: {error}") from error


DEFAULT_MODEL = HealthModel(DEFAULT_VERSION, [Nps(), Csat(), Sentiment(), Engagement()], BandEdges())
"""NPS, satisfaction, sentiment and engagement, a quarter each."""
