"""`heartline topics create|check`."""

import typer
from rich.table import Table

from stream.settings import Settings
from stream.topics import Topics, all_topics, misconfigured
from stream.views import console

app = typer.Typer(
    help="Create the topics, or check that they are as they have to be.\n\nExample: `heartline topics create`",
    no_args_is_help=True,
)


@app.command()
def create() -> None:
    """Create the topics that do not exist, then check all; exit code 22 if one that was there is wrong.

    Example: `HEARTLINE_PARTITIONS=12 HEARTLINE_REPLICATION_FACTOR=3 heartline topics create`
    """
    settings = Settings()
    topics, wanted = Topics(settings), all_topics(settings)
    created = set(topics.create(wanted))
    partitions = topics.partitions()
    table = Table("topic", "partitions", "cleanup", "what it holds", "state")
    for topic in wanted:
        state = "created" if topic.name in created else "was there"
        table.add_row(topic.name, str(partitions.get(topic.name, "-")), topic.cleanup, topic.description, state)
    console().print(table)
    topics.require(topic.name for topic in wanted)


@app.command()
def check() -> None:
    """Compare the topics with the catalogue; exit code 22 if something is wrong, and each thing that is.

    Example: `heartline topics check`
    """
    settings = Settings()
    problems = Topics(settings).problems(all_topics(settings))
    if problems:
        raise misconfigured(problems)
    typer.echo("all topics are as they have to be")
