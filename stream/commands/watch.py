"""`heartline watch`."""

from collections import deque
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from schemas.base import DEFAULT_TENANT
from schemas.catalogue import HEALTH_BAND_CHANGES, HEALTH_SCORES
from schemas.keys import contact_key
from schemas.scores import BandChanged, ScoreUpdated
from stream.reading import TopicReader
from stream.settings import Settings
from stream.views import band_change_line, scores_table

ROWS = 20

_score = msgspec.json.Decoder(ScoreUpdated).decode
_band = msgspec.json.Decoder(BandChanged).decode


def watch(
    contact: Annotated[str | None, typer.Option(help="Only this contact.")] = None,
    tenant: Annotated[str, typer.Option(help="The contact's tenant.")] = DEFAULT_TENANT,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Begin with the present scores of all.")
    ] = False,
) -> None:
    """Follow scores and band changes as they come; end with Ctrl-C.

    Example: `heartline watch --contact c-42`
    """
    wanted = contact_key(tenant, contact) if contact is not None else None
    latest: dict[bytes, ScoreUpdated] = {}
    changes: deque[BandChanged] = deque(maxlen=ROWS)
    reader = TopicReader(Settings(), [HEALTH_SCORES, HEALTH_BAND_CHANGES])
    console = Console()
    try:
        with Live(console=console, refresh_per_second=5) as live:
            for message in reader.onwards(from_beginning=from_beginning or contact is not None):
                if message is None:
                    live.update(scores_table(list(latest.values())[-ROWS:], list(changes)))
                    continue
                key, value = message.key() or b"", message.value()
                if value is None or wanted not in (None, key):
                    continue
                if message.topic() == HEALTH_SCORES:
                    latest.pop(key, None)
                    latest[key] = _score(value)
                else:
                    changes.append(_band(value))
    except KeyboardInterrupt:
        console.print(*(band_change_line(change) for change in changes), sep="\n")
    finally:
        reader.close()
