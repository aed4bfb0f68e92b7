"""A whole replay: every partition folded, in as many processes as there are cores."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import NamedTuple

from stream.parallel import Advance, each_partition
from stream.replay.census import Census, Period
from stream.replay.folding import Chosen, Folding, Sent, in_runs
from stream.replay.log import Log
from stream.replay.outputs import Target
from stream.replay.tenants import Tenants, require_tenant


class Span(NamedTuple):
    """Which outputs are written: log time (UTC ms) from the first up to, and without, the second."""

    first: int = 0
    end: int | None = None

    def __contains__(self, at: object) -> bool:
        return isinstance(at, int) and self.first <= at and (self.end is None or at < self.end)


class Replay(NamedTuple):
    """What is to be replayed."""

    log: Log
    span: Span
    target: Target
    chosen: Chosen | None = None
    period: Period = "year"


def run(replay: Replay, processes: int, advance: Advance) -> Census:
    """Fold all partitions of the log from its beginning, write the outputs of the time span, and count.

    Raises `ConfigurationError` at the end of the log if that has nothing of the tenant whose model was chosen.
    """
    partitions = replay.log.partitions()
    total, tenants = Census(replay.period, replay.span.first), frozenset[str]()
    with replay.target.prepared():
        for census, seen in each_partition(partial(replay_partition, replay), range(partitions), processes, advance):
            total.add(census)
            tenants |= seen
        if replay.chosen is not None:
            require_tenant(replay.chosen.tenant, tenants, "the log")
        replay.target.finish(partitions)
    return total


def replay_partition(replay: Replay, partition: int, advance: Advance) -> tuple[Census, frozenset[str]]:
    """Fold one partition in this process: what was counted, and the tenants that it has."""
    census, tenants = Census(replay.period, replay.span.first), Tenants()
    with (
        Folding(partition, replay.chosen, tenants.note, hand_on=not replay.log.hands_on) as folding,
        closing(replay.target.partition(partition)) as writing,
    ):

        def take(sent: Sent) -> None:
            if replay.span.end is None or sent.at < replay.span.end:
                census.take(sent)
            if sent.at in replay.span:
                census.written[sent.topic] = census.written.get(sent.topic, 0) + 1
                writing.write(sent)

        fold_until(folding, replay.log, replay.span.end, take, advance)
    return census, tenants.seen


def fold_until(folding: Folding, log: Log, end: int | None, take: Callable[[Sent], None], advance: Advance) -> None:
    """Fold a partition of the log and hand over what goes out; what comes after `end` (log time) may be left out.

    Once the partition's clock is there nothing earlier can come: no row's time lies before it.
    """
    for records in in_runs(log.read(folding.partition)):
        for sent in folding.fold(records):
            take(sent)
        advance(len(records))
        if end is not None and folding.control().now >= end:
            break
    for sent in folding.sweep():
        take(sent)
