"""`heartline explain CONTACT`."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from schemas.base import DEFAULT_TENANT
from schemas.catalogue import HEALTH_SCORES
from schemas.keys import contact_key, partition_for
from schemas.scores import ScoreUpdated
from stream.errors import NotScored
from stream.reading import TopicReader
from stream.settings import Settings
from stream.views import explanation

_decode = msgspec.json.Decoder(ScoreUpdated).decode


def latest_score(settings: Settings, tenant: str, contact: str) -> ScoreUpdated | None:
    """The present score of a contact: the last record of its key in its partition of `health.scores`."""
    key = contact_key(tenant, contact)
    reader = TopicReader(settings, [HEALTH_SCORES])
    latest = None
    try:
        for message in reader.all(partition_for(key, reader.partitions)):
            if message.key() == key:
                latest = message.value()
    finally:
        reader.close()
    return _decode(latest) if latest is not None else None


def explain(
    contact: Annotated[str, typer.Argument(help="The contact's id.")],
    tenant: Annotated[str, typer.Option(help="The contact's tenant.")] = DEFAULT_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="The record itself.")] = False,
) -> None:
    """Say why a contact has this score: components, contributions, ages, and the cause of the last change.

    Example: `heartline explain c-42`
    """
    score = latest_score(Settings(), tenant, contact)
    if score is None:
        raise NotScored(f"{tenant}/{contact} has no score: nothing is known of it yet, or it was erased")
    if as_json:
        typer.echo(msgspec.json.encode(score).decode())
    else:
        Console().print(explanation(score, datetime.now(UTC)))
