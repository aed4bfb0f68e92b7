"""`heartline watch`."""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from schemas.base import DEFAULT_TENANT
from schemas.catalogue import HEALTH_BAND_CHANGES, HEALTH_SCORES
from schemas.keys import contact_key
from stream.following import Following
from stream.reading import TopicReader
from stream.settings import Settings
from stream.views import band_change_line, scores_table

ROWS = 20
REFRESH_SECONDS = 0.2


def watch(
    contact: Annotated[str | None, typer.Option(help="Only this contact.")] = None,
    tenant: Annotated[str | None, typer.Option(help=f"The contact's tenant; left out: {DEFAULT_TENANT}.")] = None,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Begin with the present scores of all.")
    ] = False,
) -> None:
    """Follow scores and band changes as they come; end with Ctrl-C.

    Example: `heartline watch --contact c-42`
    """
    if tenant is not None and contact is None:
        raise typer.BadParameter("--tenant is the tenant of a --contact: without one all are followed")
    wanted = contact_key(tenant or DEFAULT_TENANT, contact) if contact is not None else None
    followed = Following(changes=ROWS)
    reader = TopicReader(Settings(), [HEALTH_SCORES, HEALTH_BAND_CHANGES])
    console = Console()
    shown = 0.0
    try:
        with Live(console=console, refresh_per_second=5) as live:
            for message in reader.onwards(wanted, from_beginning=from_beginning or contact is not None):
                if message is not None and wanted in (None, message.key()):
                    followed.take(message)
                if message is None or time.monotonic() - shown > REFRESH_SECONDS:  # under load there is no silence
                    shown = time.monotonic()
                    live.update(scores_table(list(followed.latest.values())[-ROWS:], list(followed.changes)))
    except KeyboardInterrupt:
        console.print(*(band_change_line(change) for change in followed.changes), sep="\n")
    finally:
        reader.close()
