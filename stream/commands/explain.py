"""`heartline explain CONTACT` and `heartline explain --account ACCOUNT`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from schemas.base import DEFAULT_TENANT, from_milliseconds
from schemas.catalogue import HEALTH_ACCOUNT_SCORES, HEALTH_SCORES
from schemas.keys import account_key, contact_key, partition_for
from schemas.scores import AccountScoreUpdated, ScoreUpdated
from stream.account_story import AccountStory, tell_account
from stream.commands.replay import Events, ModelFile, Tenant, account_log_of, chosen, log_of
from stream.commands.times import utc
from stream.errors import ConfigurationError, NotScored
from stream.explaining import explained, view
from stream.explaining_accounts import explained_account, view_account
from stream.logs import only_warnings
from stream.reading import TopicReader
from stream.settings import Settings
from stream.story import Story, tell
from stream.views import console

_decode = msgspec.json.Decoder(ScoreUpdated).decode
_decode_account = msgspec.json.Decoder(AccountScoreUpdated).decode


def latest_score(settings: Settings, tenant: str, contact: str) -> ScoreUpdated | None:
    """The present score of a contact: the last record of its key in its partition of `health.scores`."""
    latest = _latest(settings, HEALTH_SCORES, contact_key(tenant, contact))
    return _decode(latest) if latest is not None else None


def latest_account_score(settings: Settings, tenant: str, account: str) -> AccountScoreUpdated | None:
    """The present score of an account: the last record of its key in its partition of `health.account-scores`."""
    latest = _latest(settings, HEALTH_ACCOUNT_SCORES, account_key(tenant, account))
    return _decode_account(latest) if latest is not None else None


def _latest(settings: Settings, topic: str, key: bytes) -> bytes | None:
    reader = TopicReader(settings, [topic])
    latest = None
    try:
        for message in reader.all(partition_for(key, reader.partitions)):
            if message.key() == key:
                latest = message.value()
    finally:
        reader.close()
    return latest


def explain(
    contact: Annotated[str | None, typer.Argument(help="The contact's id.")] = None,
    account: Annotated[str | None, typer.Option(help="An account's id, in place of a contact.")] = None,
    tenant: Tenant = DEFAULT_TENANT,
    at: Annotated[
        datetime | None, typer.Option(help="As it was just before this time (UTC); default: the present score.")
    ] = None,
    model: ModelFile = None,
    events: Events = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say why a contact or an account has its score: components, points, ages; what moved it in the last 7 and 30 days;
    what is set by hand or held back; what silence would do.

    The present score is that of `health.scores`. What moved it is folded from `health.signals`, whose partition is read
    once; with `--at`, `--model` or `--events` the score is that of the fold too. With `--at` nothing counts that was
    logged at that time or later.

    Of an account: its present record, and what moved it, folded from `health.account-signals`; with `--at` or
    `--events` the record is that of the fold too.

    Examples: `heartline explain c-42`, `heartline explain c-42 --at 2026-03-01`, `heartline explain --account globex`
    """
    if (contact is None) == (account is None):
        raise ConfigurationError("name a contact, or an account by --account")
    settings = Settings()
    only_warnings()
    if account is not None:
        _explain_account(settings, tenant, account, at, model, events, as_json=as_json)
    if contact is not None:
        _explain_contact(settings, tenant, contact, at, model, events, as_json=as_json)


def _explain_account(
    settings: Settings,
    tenant: str,
    account: str,
    at: datetime | None,
    model: Path | None,
    events: Path | None,
    *,
    as_json: bool,
) -> None:
    log = account_log_of(events, settings, chosen(model, tenant))
    if at is not None or events is not None:
        whole = tell_account(log, tenant, account)
        story = whole if at is None else whole.until(utc(at))
        score, now = story.latest, from_milliseconds(story.now)
    else:
        score, now = latest_account_score(settings, tenant, account), datetime.now(UTC)
        story = AccountStory() if score is None else tell_account(log, tenant, account)
    if score is None:
        raise NotScored(f"nothing is known of an account {tenant}/{account}: is it of another --tenant?")
    found = explained_account(score, story)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        console().print(view_account(found, now))


def _explain_contact(
    settings: Settings,
    tenant: str,
    contact: str,
    at: datetime | None,
    model: Path | None,
    events: Path | None,
    *,
    as_json: bool,
) -> None:
    log = log_of(events, settings)
    story: Story | None
    if at is not None or events is not None or model is not None:
        whole = tell(log, tenant, contact, None if at is None else utc(at), chosen(model, tenant))
        score, story, now = whole.latest, whole, from_milliseconds(whole.now)
    else:
        score, now = latest_score(settings, tenant, contact), datetime.now(UTC)
        story = None if score is None else tell(log, tenant, contact).up_to(score)
    if score is None:
        raise NotScored(
            f"{tenant}/{contact} has no score: nothing is known of it yet, it was erased, or it is of another --tenant"
        )
    found = explained(score, story)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        console().print(view(found, now))
