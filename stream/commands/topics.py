"""`heartline topics create|check`."""

import typer
from rich.table import Table

from stream.errors import TopicMisconfigured
from stream.settings import Settings
from stream.topics import Topics, all_topics, partitions_of
from stream.views import console

app = typer.Typer(
    help="Create the topics, or check that they are as they have to be.\n\nExample: `heartline topics create`",
    no_args_is_help=True,
)


@app.command()
def create() -> None:
    """Create the topics that do not exist.

    Example: `HEARTLINE_PARTITIONS=12 HEARTLINE_REPLICATION_FACTOR=3 heartline topics create`
    """
    settings = Settings()
    wanted = all_topics(settings)
    created = set(Topics(settings).create(wanted))
    table = Table("topic", "partitions", "cleanup", "what it holds", "state")
    for topic in wanted:
        state = "created" if topic.name in created else "was there"
        table.add_row(topic.name, str(partitions_of(topic, settings)), topic.cleanup, topic.description, state)
    console().print(table)


@app.command()
def check() -> None:
    """Compare the topics with the catalogue; exit code 22 if something is wrong, and each thing that is.

    Example: `heartline topics check`
    """
    settings = Settings()
    problems = Topics(settings).problems(all_topics(settings))
    if problems:
        raise TopicMisconfigured("; ".join(f"{problem.topic}: {problem.what}" for problem in problems))
    typer.echo("all topics are as they have to be")
