"""`heartline send FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from stream.commands.progress import counted
from stream.errors import BadInput
from stream.event_files import read_events
from stream.sending import Sender
from stream.settings import Settings


def send(
    file: Annotated[Path, typer.Argument(help="JSON lines, one event each; - for standard input.", allow_dash=True)],
) -> None:
    """Send events to the topics of their types, confirmed.

    Example: `heartline simulate --events 1000 > events.jsonl && heartline send events.jsonl`
    """
    with Sender(Settings()) as sender:
        try:
            for event in counted(read_events(file), "sending"):
                sender.send_event(event)
        except BadInput as error:
            sender.flush()
            raise BadInput(f"{error}; sent {sender.sent} events that stand before it") from error
    typer.echo(f"sent {sender.sent} events")
