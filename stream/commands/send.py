"""`heartline send FILE`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from stream.event_files import read_events
from stream.sending import Sender
from stream.settings import Settings


def send(
    file: Annotated[
        Path, typer.Argument(help="JSON lines, one event each; - for standard input.", exists=True, allow_dash=True)
    ],
) -> None:
    """Send events to the topics of their types, confirmed.

    Example: `heartline simulate --events 1000 > events.jsonl && heartline send events.jsonl`
    """
    with Progress(transient=True, disable=not sys.stderr.isatty()) as progress, Sender(Settings()) as sender:
        task = progress.add_task("sending", total=None)
        for event in read_events(file):
            sender.send_event(event)
            progress.advance(task)
    typer.echo(f"sent {sender.sent} events")
