"""`heartline dlq list|show|replay`."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import typer
from confluent_kafka import Message
from rich.table import Table

from schemas.catalogue import HEALTH_CONTROL, TOPICS, dead_letters_of
from stream.commands.asking import ask
from stream.commands.progress import counted
from stream.dead_letters import cut_from, original_headers, position
from stream.errors import ConfigurationError
from stream.reading import TopicReader
from stream.sending import Sender
from stream.settings import Settings
from stream.views import console

app = typer.Typer(
    help="Look at dead letters, and send them again.\n\nExample: `heartline dlq list`", no_args_is_help=True
)

SOURCES = [topic.name for topic in TOPICS.values() if topic.dead_letters is not None]


def _beginning_with(incomplete: str) -> list[str]:
    return [source for source in SOURCES if source.startswith(incomplete)]


Topic = Annotated[
    str, typer.Argument(help=f"The source topic: one of {', '.join(SOURCES)}.", autocompletion=_beginning_with)
]
Reason = Annotated[str | None, typer.Option(help="Only those refused for this reason.")]


def _letters(settings: Settings, source: str, reason: str | None) -> Iterator[Message]:
    if source not in SOURCES:
        raise ConfigurationError(f"{source} has no dead letters; topics that have: {', '.join(SOURCES)}")
    reader = TopicReader(settings, [dead_letters_of(source)])
    try:
        for message in reader.all():
            if reason is None or position(message).reason == reason:
                yield message
    finally:
        reader.close()


@app.command(name="list")
def list_() -> None:
    """Count the dead letters by topic and reason.

    Example: `heartline dlq list`
    """
    settings = Settings()
    counts = Counter(
        (source, position(message).reason) for source in SOURCES for message in _letters(settings, source, None)
    )
    table = Table("topic", "reason", "dead letters")
    for (source, reason), count in sorted(counts.items()):
        table.add_row(source, reason, str(count))
    console().print(table)


@app.command()
def show(
    topic: Topic,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    values: Annotated[
        bool, typer.Option("--values", help="Print the records too (they may hold personal data).")
    ] = False,
) -> None:
    """Show dead letters: where each came from and why it was refused.

    Example: `heartline dlq show support.tickets --reason off_scale`
    """
    for number, message in enumerate(_letters(Settings(), topic, reason)):
        if number == limit:
            break
        where = position(message)
        size = cut_from(message)
        whole = "" if size is None else f" (only the beginning of {size} bytes)"
        typer.echo(f"{where.topic}[{where.partition}]@{where.offset} {where.reason}: {where.detail}{whole}")
        if values:
            typer.echo(f"  key {message.key()!r} value {message.value()!r}")


@app.command()
def replay(
    topic: Topic,
    reason: Reason = None,
    confirm: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send dead letters to their source topic again, as they were, after the cause is mended. What is accepted twice
    counts once. Letters that are only the beginning of their record are left out.

    Example: `heartline dlq replay support.tickets --reason unknown_tenant --yes`
    """
    settings = Settings()
    found = list(_letters(settings, topic, reason))
    letters = [message for message in found if cut_from(message) is None]
    if letters and not confirm:
        ask(f"send {len(letters)} records to {topic} again?")
    with Sender(settings) as sender:
        for message in counted(letters, "sending", len(letters)):
            sender.send(topic, message.value(), message.key(), original_headers(message), _partition(topic, message))
    typer.echo(f"sent {sender.sent} records to {topic}")
    if left_out := len(found) - len(letters):
        typer.echo(f"left out {left_out} that are only the beginning of their record; `heartline dlq show` names it")


def _partition(topic: str, message: Message) -> int:
    """In a log a record without a key concerns its own partition; else -1, the key decides."""
    if topic == HEALTH_CONTROL:
        return 0
    if message.key() is None and TOPICS[topic].role == "log":
        return position(message).partition
    return -1
