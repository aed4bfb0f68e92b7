"""The models that tenants have published, as `health.control` tells: all of them, for it is kept without limit."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec
from confluent_kafka import Message

from models.health.errors import ModelError
from models.health.model import DEFAULT_VERSION, published_model
from schemas.base import to_milliseconds
from schemas.catalogue import HEALTH_CONTROL
from schemas.control import ModelPublished, TenantRegistered
from schemas.decoding import decode_event
from schemas.door import refusal
from schemas.event_ids import event_id
from stream.errors import ConfigurationError, ModelRefused
from stream.reading import TopicReader
from stream.settings import Settings

DEFAULT_DOCUMENT = msgspec.json.encode(
    {"version": DEFAULT_VERSION, "components": {name: {} for name in ("nps", "csat", "sentiment", "engagement")}}
)
"""What a tenant is scored by that has published nothing."""


class Publication(NamedTuple):
    """A model as it was published: its place in `health.control`, when, by whom; `refused` says why intake did not
    take it.
    """

    offset: int
    at: datetime
    version: str
    author: str
    document: bytes
    refused: str | None = None


class Publications(NamedTuple):
    """What a tenant has published, in order, and whether events of it are accepted at all."""

    tenant: str
    listed: list[Publication]
    known: bool

    @property
    def in_force(self) -> Publication | None:
        """The one that contacts are scored by now; None is the default model."""
        return next((one for one in reversed(self.listed) if one.refused is None), None)

    def require_known(self) -> None:
        """Raise `ConfigurationError` if events of the tenant are not accepted."""
        if not self.known:
            raise ConfigurationError(
                f"tenant {self.tenant!r} is neither in HEARTLINE_TENANTS nor registered (tenant.registered)"
            )

    def named(self, version: str) -> Publication | None:
        """The last of a version that was accepted."""
        return next((one for one in reversed(self.listed) if one.version == version and one.refused is None), None)


def published_by(settings: Settings, tenant: str) -> Publications:
    """What a tenant has published. Raises `BrokerUnreachable`, `TopicMissing`."""
    reader = TopicReader(settings, [HEALTH_CONTROL])
    try:
        return listed(reader.all(), tenant, settings.tenants)
    finally:
        reader.close()


def listed(messages: Iterable[Message], tenant: str, tenants: frozenset[str]) -> Publications:
    """The publications of a tenant among records of `health.control`, judged as intake does."""
    known = tenant in tenants
    found = []
    for message in messages:
        event = decode_event(HEALTH_CONTROL, message.value(), now_ms=message.timestamp()[1], tenants=None)
        if isinstance(event, TenantRegistered) and event.tenant == tenant:
            known = True
        elif isinstance(event, ModelPublished) and event.tenant == tenant:
            found.append(
                Publication(
                    message.offset() or 0,
                    event.occurred_at,
                    event.version,
                    event.author,
                    bytes(event.model),
                    _why(event),
                )
            )
    return Publications(tenant, found, known)


def publication(before: Publications, document: bytes, author: str, at: datetime) -> ModelPublished:
    """The event that publishes a document. Raises `ModelRefused` for a version that meant something else before."""
    version = msgspec.json.decode(document)["version"]
    before.require_known()
    other = before.named(version)
    if version == DEFAULT_VERSION:
        raise ModelRefused(f"version {version!r} is the model that comes with Heartline: give this one its own")
    if other is not None and not same(other.document, document):
        when = f"{other.at:%Y-%m-%d %H:%M}"
        raise ModelRefused(f"version {version!r} was published on {when} with another content: give this one its own")
    event = ModelPublished(
        event_id=event_id(before.tenant, version, "model", to_milliseconds(at)),
        occurred_at=at,
        tenant=before.tenant,
        version=version,
        model=msgspec.Raw(document),
        author=author,
    )
    refused = refusal(event, now_ms=to_milliseconds(at), tenants=None)
    if refused is not None:
        raise ModelRefused(refused.detail)
    return event


def same(document: bytes, other: bytes) -> bool:
    """Whether two documents say the same."""
    return bool(msgspec.json.decode(document) == msgspec.json.decode(other))


def _why(event: ModelPublished) -> str | None:
    try:
        published_model(event)
    except ModelError as error:
        return str(error)
    return None
