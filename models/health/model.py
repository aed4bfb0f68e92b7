"""A health model is data that a tenant publishes: which components count, by how much, and where the bands lie."""

from typing import Annotated, Any

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


Places = tuple[tuple[int, Component], ...]


class HealthModel:
    """A model that is valid. `components` are those that count, in the model's order."""

    def __init__(self, version: str, components: list[Component], bands: BandEdges) -> None:
        self.version = version
        self.bands = bands
        self.components = tuple(component for component in components if component.enabled and component.weight > 0)
        self.weight = sum(component.weight for component in self.components)
        self._readers: dict[int, Places] = {}
        if not self.components:
            raise ModelError(f"model {version!r}: no component is enabled with a weight above 0: nothing to score by")

    def readers(self, sections: int) -> Places:
        """The components that read any of these sections of a row, each with its place in the model."""
        places = self._readers.get(sections)
        if places is None:
            places = tuple((index, one) for index, one in enumerate(self.components) if one.reads & sections)
            self._readers[sections] = places
        return places


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
