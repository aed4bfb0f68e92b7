"""`heartline erase`, `restore` and `merge`."""

import time
import uuid
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from schemas.base import DEFAULT_TENANT, Event, to_milliseconds
from schemas.control import ContactErased, ContactMerged, ContactRestored
from schemas.door import refusal
from schemas.scores import ContactForgotten
from stream.erasure import receipt_of, rewrite
from stream.errors import NotScored
from stream.sending import Sender
from stream.settings import Settings
from stream.views import console

LOOK_SECONDS = 0.5

Contact = Annotated[str, typer.Argument(help="The contact's id.")]
Tenant = Annotated[str, typer.Option(help="The contact's tenant.")]


def erase(
    contact: Contact,
    tenant: Tenant = DEFAULT_TENANT,
    rewrite_logs: Annotated[
        bool,
        typer.Option("--rewrite", help="Copy what is kept without limit without the contact; stop all workers before."),
    ] = False,
    wait_seconds: Annotated[float, typer.Option("--wait", min=0, help="So long to wait for the receipt.")] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="The receipt as it is on the wire.")] = False,
) -> None:
    """Forget a contact, by every name that it was merged from, and show the receipt: which topic is clean when.

    With `--rewrite`, when the receipt is there and all workers are stopped, the logs that are kept without limit are
    copied without it too.

    Example: `heartline erase c-42 --tenant acme`
    """
    settings = Settings()
    if rewrite_logs:
        for topic, count in rewrite(settings, tenant, contact, typer.echo).items():
            typer.echo(f"{topic}: {count} records left out")
        return
    event = ContactErased(event_id=str(uuid.uuid4()), occurred_at=_now(), tenant=tenant, contact=contact)
    _send(settings, event)
    receipt = _awaited(settings, event, wait_seconds)
    if as_json:
        typer.echo(msgspec.json.encode(receipt).decode())
        return
    console().print(_table(receipt))


def restore(contact: Contact, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Let an erased contact be known again from now on. What was before stays forgotten.

    Example: `heartline restore c-42 --tenant acme`
    """
    event = ContactRestored(event_id=str(uuid.uuid4()), occurred_at=_now(), tenant=tenant, contact=contact)
    _send(Settings(), event)
    typer.echo(f"{tenant}/{contact} may be known again")


def merge(
    contact: Contact,
    into: Annotated[str, typer.Argument(help="The contact that it is the same person as.")],
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Say that a contact is the same person as another one, and is known by the other's id from now on.

    A merge that would close a circle is put aside as a dead letter (`heartline dlq show health.control`).

    Example: `heartline merge c-42-old c-42 --tenant acme`
    """
    event = ContactMerged(event_id=str(uuid.uuid4()), occurred_at=_now(), tenant=tenant, contact=contact, into=into)
    _send(Settings(), event)
    typer.echo(f"{tenant}/{contact} is {tenant}/{into} from now on")


def _send(settings: Settings, event: Event) -> None:
    """Send an event, unless intake would refuse it; it alone knows which tenants there are."""
    refused = refusal(event, now_ms=to_milliseconds(event.occurred_at), tenants=None)
    if refused is not None:
        raise typer.BadParameter(refused.detail)
    with Sender(settings) as sender:
        sender.send_event(event)


def _awaited(settings: Settings, event: ContactErased, seconds: float) -> ContactForgotten:
    deadline = time.monotonic() + seconds
    while (receipt := receipt_of(settings, event)) is None:
        if time.monotonic() > deadline:
            raise NotScored(
                f"no receipt for {event.tenant}/{event.contact} within {seconds:g} s: the erasure was sent and takes "
                "effect when intake and scoring run; look for it in health.receipts"
            )
        time.sleep(LOOK_SECONDS)
    return receipt


def _table(receipt: ContactForgotten) -> Table:
    names = f" (also known as {', '.join(receipt.known_as)})" if receipt.known_as else ""
    table = Table("topic", "holds nothing but the id", title=f"{receipt.tenant}/{receipt.contact} was erased{names}")
    for topic in receipt.topics:
        when = "after `heartline erase --rewrite`" if topic.after is None else f"from {topic.after:%Y-%m-%d %H:%M} UTC"
        table.add_row(topic.topic, f"{when} (by {topic.by})")
    return table


def _now() -> datetime:
    return datetime.now(UTC)
