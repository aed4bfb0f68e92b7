"""`heartline explain CONTACT`."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from schemas.base import DEFAULT_TENANT, from_milliseconds
from schemas.catalogue import HEALTH_SCORES
from schemas.keys import contact_key, partition_for
from schemas.scores import ScoreUpdated
from stream.commands.replay import Events, ModelFile, Tenant, chosen, log_of, utc
from stream.errors import NotScored
from stream.explaining import explained, view
from stream.logs import only_warnings
from stream.reading import TopicReader
from stream.settings import Settings
from stream.story import Story, tell

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
    tenant: Tenant = DEFAULT_TENANT,
    at: Annotated[
        datetime | None, typer.Option(help="As it was at this time (UTC); default: the present score.")
    ] = None,
    model: ModelFile = None,
    events: Events = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say why a contact has its score: components, points, ages; what moved it in the last 7 and 30 days; what is set
    by hand or held back; what silence would do.

    The present score is that of `health.scores`. What moved it is folded from `health.signals`, whose partition is read
    once; with `--at`, `--model` or `--events` the score is that of the fold too.

    Examples: `heartline explain c-42`, `heartline explain c-42 --at 2026-03-01`
    """
    settings = Settings()
    only_warnings()
    log = log_of(events, settings)
    story: Story | None
    if at is not None or events is not None or model is not None:
        whole = tell(log, tenant, contact, None if at is None else utc(at), chosen(model, tenant))
        score, story, now = whole.latest, whole, from_milliseconds(whole.now)
    else:
        score, now = latest_score(settings, tenant, contact), datetime.now(UTC)
        story = None if score is None else tell(log, tenant, contact).up_to(score)
    if score is None:
        raise NotScored(f"{tenant}/{contact} has no score: nothing is known of it yet, or it was erased")
    found = explained(score, story)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        Console().print(view(found, now))
