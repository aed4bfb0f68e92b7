"""A health model is data that a tenant publishes: which components count, by how much, and where the bands lie."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from models.health.accounts.model import build_account_model
from models.health.alerts.registry import ALERTS, AlertRule
from models.health.alerts.rule import in_bands
from models.health.alerts.watch import Rules
from models.health.bands import BandEdges
from models.health.components.component import Component
from models.health.components.csat import Csat
from models.health.components.engagement import Engagement
from models.health.components.nps import Nps
from models.health.components.registry import COMPONENTS
from models.health.components.sentiment import Sentiment
from models.health.document import Blocks, Document, Parameters, decode_document, idle, merged, problem
from models.health.errors import ModelError, Path, Problem
from models.health.facts.profile import Profile
from models.health.facts.sections import CLOCK
from models.health.hard_exceptions import HardException
from models.health.segments import When
from schemas.control import ModelPublished

DEFAULT_VERSION = "default"

Places = tuple[tuple[int, Component], ...]
Rule = TypeVar("Rule", Component, AlertRule)


class HealthModel:
    """A model that is valid, or what one of its segments makes of it.

    `components` are those that count, in the model's order, `alerts` the rules that are on. `key` names it in rows: no
    other document and no other segment has the same.
    """

    def __init__(
        self,
        version: str,
        components: Sequence[Component],
        bands: BandEdges,
        *,
        exceptions: Sequence[HardException] = (),
        alerts: Sequence[AlertRule] = (),
        segment: str | None = None,
        digest: bytes = b"",
    ) -> None:
        self.version = version
        self.segment = segment
        named = version if segment is None else f"{version}/{segment}"
        self.key = f"{named}#{digest[:3].hex()}" if digest else named
        self.bands = bands
        self.components = tuple(component for component in components if component.enabled and component.weight > 0)
        self.weight = sum(component.weight for component in self.components)
        self.exceptions = tuple(exceptions)
        self.alerts = tuple(rule for rule in alerts if rule.enabled)
        self.rules = Rules(self.alerts)
        self.watched = 0
        """The sections of a row, CLOCK included, that exceptions depend on beside the components."""
        for exception in self.exceptions:
            self.watched |= exception.reads
        self.segments: tuple[tuple[When, HealthModel], ...] = ()
        self._readers: dict[int, Places] = {}
        self._ageing: dict[int, Places] = {}

    def of(self, profile: Profile | None) -> "HealthModel":
        """What this model is for a contact with this profile: its first segment that the profile is in, or itself."""
        for when, model in self.segments:
            if when.holds(profile):
                return model
        return self

    def readers(self, sections: int) -> Places:
        """The components that read any of these sections of a row, each with its place in the model."""
        places = self._readers.get(sections)
        if places is None:
            places = tuple((index, one) for index, one in enumerate(self.components) if one.reads & sections)
            self._readers[sections] = places
        return places

    def ageing(self, sections: int) -> Places:
        """Of the components that read the clock those that read any of these sections too, each with its place among
        them.
        """
        places = self._ageing.get(sections)
        if places is None:
            readers = enumerate(self.readers(CLOCK))
            places = tuple((place, one) for place, (_, one) in readers if one.reads & sections & ~CLOCK)
            self._ageing[sections] = places
        return places


def parse_model(document: bytes | msgspec.Raw) -> HealthModel:
    """The model of a JSON document. Raises ModelError, which names the fields."""
    return build_model(decode_document(document), document_digest(document))


def published_model(event: ModelPublished) -> HealthModel:
    """The model of a publication. Raises ModelError for one that must not enter the log."""
    model = parse_model(event.model)
    if model.version != event.version:
        raise ModelError([Problem(("version",), "the publication names another version than its model")])
    return model


def document_digest(document: bytes | msgspec.Raw) -> bytes:
    """16 bytes that name a document."""
    return hashlib.blake2b(document, digest_size=16).digest()


def build_model(document: Document, digest: bytes = b"") -> HealthModel:
    """The model of a document's fields. Raises ModelError with everything in it that is impossible."""
    problems: list[Problem] = []
    base = _built(document, document, (), None, digest, problems)
    segments = []
    for place, segment in enumerate(document.segments):
        where: Path = ("segments", place)
        if any(other.name == segment.name for other in document.segments[:place]):
            problems.append(Problem((*where, "name"), f"another segment is named {segment.name!r}"))
        if any(other.when.covers(segment.when) for other in document.segments[:place]):
            problems.append(Problem((*where, "when"), "an earlier segment has all of these: nobody would be in this"))
        blocks = Blocks(
            components=merged(document.components, segment.components),
            bands={**document.bands, **segment.bands},
            alerts=merged(document.alerts, segment.alerts),
            exceptions=document.exceptions if segment.exceptions is None else segment.exceptions,
        )
        segments.append((segment.when, _built(document, blocks, where, segment.name, digest, problems)))
    build_account_model(document, problems)
    if problems:
        raise ModelError(_once(problems, document))
    base.segments = tuple(segments)
    return base


def _built(
    document: Document, blocks: Blocks, where: Path, segment: str | None, digest: bytes, problems: list[Problem]
) -> HealthModel:
    before = len(problems)
    components = _rules(COMPONENTS, "component", blocks.components, (*where, "components"), problems)
    misread = len(problems) > before
    alerts = _rules(ALERTS, "kind of alert", blocks.alerts, (*where, "alerts"), problems)
    bands = BandEdges()
    try:
        bands = msgspec.convert(blocks.bands, BandEdges)
    except msgspec.ValidationError as error:
        problems.append(problem((*where, "bands"), error))
    alerts += [kind() for name, kind in ALERTS.items() if name not in blocks.alerts]
    model = HealthModel(
        document.version,
        components,
        bands,
        exceptions=blocks.exceptions or (),
        alerts=in_bands(alerts, bands, (*where, "alerts"), problems),
        segment=segment,
        digest=digest,
    )
    if not model.components and not misread:
        words = "no component is enabled with a weight above 0: nothing to score by"
        problems.append(Problem((*where, "components"), words))
    if not misread:
        _check_exceptions(model, (*where, "exceptions"), problems)
    return model


def _rules(
    kinds: dict[str, type[Rule]], what: str, blocks: dict[str, Parameters], where: Path, problems: list[Problem]
) -> list[Rule]:
    rules = []
    for name, parameters in blocks.items():
        kind = kinds.get(name)
        if kind is None:
            problems.append(Problem((*where, name), f"there is no such {what}; there are: {', '.join(kinds)}"))
            continue
        problems += idle(kind, parameters, (*where, name))
        try:
            rules.append(msgspec.convert(parameters, kind))
        except msgspec.ValidationError as error:
            problems.append(problem((*where, name), error))
    return rules


def _check_exceptions(model: HealthModel, where: Path, problems: list[Problem]) -> None:
    counting = {component.name for component in model.components}
    for place, exception in enumerate(model.exceptions):
        if any(other.name == exception.name for other in model.exceptions[:place]):
            problems.append(Problem((*where, place, "name"), f"another exception is named {exception.name!r}"))
        component = exception.when.component
        if component is not None and component.name not in counting:
            at = (*where, place, "when", "component", "name")
            problems.append(Problem(at, f"{component.name!r} does not count in this model"))


def _once(problems: list[Problem], document: Document) -> list[Problem]:
    """Without what a segment only inherits: it is told of the base, where it stands."""
    base = {(problem.path, problem.message) for problem in problems if problem.path[:1] != ("segments",)}
    return [one for one in problems if one.path[:1] != ("segments",) or (one.path[2:], one.message) not in base]


DEFAULT_MODEL = HealthModel(
    DEFAULT_VERSION,
    [Nps(), Csat(), Sentiment(), Engagement()],
    BandEdges(),
    alerts=[kind().in_bands(BandEdges()) for kind in ALERTS.values()],
)
"""NPS, satisfaction, sentiment and engagement, a quarter each."""
