"""`heartline state reset`."""

import shutil
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_PORTFOLIO_SIGNALS
from schemas.decoding import encode
from schemas.signals import AccountSignal, MembersForgotten, PortfolioSignal
from stream.commands.asking import ask
from stream.dataplane import exclusive
from stream.errors import StateError, TopicMissing
from stream.sending import Sender
from stream.settings import Settings, Stage
from stream.topics import LOGS, TABLES, TIMEOUT_SECONDS, Topics, table_changelog

app = typer.Typer(help="The state of scoring.\n\nExample: `heartline state reset`", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `reset` a command of its own name."""


@app.command()
def reset(
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="The changelog too: all workers fold the log from its beginning.")
    ] = False,
    stage: Annotated[Stage, typer.Option(help="Whose state.")] = "scoring",
    confirm: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete this worker's local table; the next start restores it from the changelog. Stop the worker first.

    It is looked for in `HEARTLINE_DATA_DIRECTORY`, which has to be the one of that worker. Nothing else is touched.

    With `--everywhere` (all workers of the stage stopped) the changelog and the group's offsets go as well, and the
    state is folded anew from its log: needed when that topic was recreated. The same log gives the same scores under
    the same ids. Run it for one worker, and without `--everywhere` for each of the others. The stage that it rolls up
    to is told to forget what it was given, for all of it is given anew.

    Example: `HEARTLINE_DATA_DIRECTORY=/var/lib/heartline heartline state reset --yes`
    """
    settings = Settings()
    if stage not in TABLES:
        raise typer.BadParameter(f"{stage} keeps no state")
    table = settings.data_directory / TABLES[stage][0]
    if not everywhere and not table.is_dir():
        typer.echo(_nothing(table))
        return
    what = f"the state of all {stage} workers" if everywhere else str(table)
    if not confirm:
        ask(f"delete {what}?")
    # Brokers that do not answer, and a log that is not there, are found before anything is deleted.
    like_before = _like_before(stage, settings) if everywhere else settings
    if table.is_dir():
        with exclusive(table.parent):
            shutil.rmtree(table)
        typer.echo(f"{table} is deleted{'' if everywhere else '; the next start restores it from the changelog'}")
    else:
        typer.echo(_nothing(table))
    if everywhere:
        _forget(stage, like_before)
        typer.echo("the state is gone; the next start folds the log from its beginning")


def _nothing(table: Path) -> str:
    """Whose table is there instead is a sign of what was meant."""
    others = [stage for stage, (name, _) in TABLES.items() if (table.parent / name).is_dir()]
    hint = "".join(f"; with --stage {stage} the table of that worker would be deleted" for stage in others)
    return (
        f"nothing to delete, there is no {table} (HEARTLINE_DATA_DIRECTORY names the data directory of a worker){hint}"
    )


def _like_before(stage: Stage, settings: Settings) -> Settings:
    """Settings that make a changelog as its log and itself are on the brokers: those of a shell may say anything.

    Raises `TopicMissing` if there is no log to fold.
    """
    topics, table = Topics(settings), table_changelog(stage, settings)
    log = LOGS[table.key]
    partitions, copies = topics.partitions(), topics.copies()
    if log not in partitions:
        raise TopicMissing(f"there is no {log} to fold anew; run `heartline topics create`")
    return settings.model_copy(
        update={"partitions": partitions[log], "replication_factor": copies.get(table.name, copies[log])}
    )


def _forget(stage: Stage, settings: Settings) -> None:
    """Forget where the group was, and empty the changelog by making it anew."""
    admin = AdminClient(settings.kafka())
    table = table_changelog(stage, settings)
    # A static member that stopped is a member until its session ends.
    deadline = time.monotonic() + 2 * settings.session_timeout_seconds
    while not _delete_group(admin, settings.group(stage)):
        if time.monotonic() > deadline:
            raise StateError(f"a worker of {stage} still runs: stop them all, then reset the state")
        time.sleep(0.5)
    for future in admin.delete_topics([table.name], operation_timeout=TIMEOUT_SECONDS).values():
        _unless(future, KafkaError.UNKNOWN_TOPIC_OR_PART)
    Topics(settings).create([table])
    _begin_anew(stage, settings)


def _begin_anew(stage: Stage, settings: Settings) -> None:
    """Tell the stage after this one that all members will say anew what they give."""
    if stage not in _NEXT:
        return
    topic, entry = _NEXT[stage]
    partitions = Topics(settings).partitions().get(topic, 0)
    now = time.time_ns() // 1_000_000
    with Sender(settings) as sender:
        for partition in range(partitions):
            sender.send(topic, encode(entry(at=now, fact=MembersForgotten())), None, partition=partition)


_NEXT: dict[Stage, tuple[str, type[AccountSignal] | type[PortfolioSignal]]] = {
    "scoring": (HEALTH_ACCOUNT_SIGNALS, AccountSignal),
    "accounts": (HEALTH_PORTFOLIO_SIGNALS, PortfolioSignal),
}


def _delete_group(admin: AdminClient, group: str) -> bool:
    """Whether the group is gone; False while it has members."""
    (future,) = admin.delete_consumer_groups([group]).values()
    return _unless(future, KafkaError.GROUP_ID_NOT_FOUND, KafkaError.NON_EMPTY_GROUP) != KafkaError.NON_EMPTY_GROUP


def _unless(future: "Future[None]", *expected: int) -> int | None:
    """Wait for an administrator's call; the code of an error that is expected."""
    try:
        future.result(TIMEOUT_SECONDS)
    except KafkaException as error:
        code = int(error.args[0].code())
        if code not in expected:
            raise
        return code
    return None
