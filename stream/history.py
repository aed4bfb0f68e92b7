"""Importing history: intake's work done here, with log times of the past and the daily ticks in between.

So the same scoring worker gives the score as it was on any past day. Kafka's own timestamps stay the wall clock:
records stamped with the past would be deleted by retention before they are read.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

from models.sentiment.port import Classifier
from schemas.base import Event, Mode, to_milliseconds
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_CONTROL, HEALTH_SIGNALS
from schemas.control import HistoryFinished, HistoryStarted
from schemas.decoding import decode_signal, encode
from schemas.headers import Headers, cloud_event_headers
from schemas.messages import MessageClassified, MessageCreated
from schemas.signals import AccountSignal, Signal, Tick
from stream.decisions import Decisions
from stream.errors import BadInput, ConfigurationError
from stream.imports import TickDue
from stream.merges import CIRCLE, Merges
from stream.reading import TopicReader
from stream.routing import Entry, classified, route
from stream.sending import Sender
from stream.settings import Settings

BATCH = 512
LAST_OFFSETS = 20

Item = Event | TickDue


class Logged(NamedTuple):
    """An entry with its log time (UTC ms)."""

    at: int
    entry: Entry


def entries(items: Iterable[Item], classifier: Classifier) -> Iterator[Logged]:
    """The entries that events and ticks become, in their order; messages are classified in batches.

    Raises BadInput for a merge that would close a circle.
    """
    batch: list[Item] = []
    merges = Merges()
    for item in items:
        if isinstance(item, Event) and not merges.accepts(item):
            raise BadInput(f"event {item.event_id}: {CIRCLE}")
        batch.append(item)
        if len(batch) == BATCH:
            yield from _batch_entries(batch, classifier)
            batch = []
    yield from _batch_entries(batch, classifier)


def _batch_entries(batch: list[Item], classifier: Classifier) -> Iterator[Logged]:
    name = f"{classifier.name} {classifier.version}"
    texts = [item.text for item in batch if isinstance(item, MessageCreated) and item.author == "customer"]
    readings = iter(classifier.classify(texts) if texts else [])
    for item in batch:
        if isinstance(item, TickDue):
            for topic in (HEALTH_SIGNALS, HEALTH_ACCOUNT_SIGNALS):
                yield Logged(to_milliseconds(item.at), Entry(topic, None, Tick(day=item.day)))
            continue
        fact: Event | MessageClassified = item
        if isinstance(item, MessageCreated):
            fact = classified(item, next(readings) if item.author == "customer" else None, name)
        for entry in route(fact):
            yield Logged(to_milliseconds(item.occurred_at), entry)


def refuse_live_log(settings: Settings) -> None:
    """Raises ConfigurationError if time has been live in the log: it never goes back, and would age the past to today.

    Where no import is open, intake writes the time each minute from the first live event on: then the last record of a
    partition is a live one.
    """
    if _is_open(settings):
        return
    with closing(TopicReader(settings, [HEALTH_SIGNALS])) as reader:
        latest = {message.partition(): decode_signal(message.value()) for message in reader.last(LAST_OFFSETS)}
    if any(isinstance(signal, Signal) and signal.mode == "live" for signal in latest.values()):
        raise ConfigurationError(
            f"{HEALTH_SIGNALS} holds live time already (events came in), which would age this history to today; "
            "import without --history (its facts count, past days are not closed), or begin anew: stop all workers, "
            f"delete {HEALTH_SIGNALS}, run `heartline topics create` and `heartline state reset --everywhere`, import "
            "the history, then start intake"
        )


def _is_open(settings: Settings) -> bool:
    """Whether an import has begun that was not finished."""
    decisions = Decisions(())
    with closing(TopicReader(settings, [HEALTH_CONTROL])) as reader:
        for message in reader.all():
            decisions.take(message.value(), message.timestamp()[1])
    return decisions.history_open


class HistoryWriter:
    """Writes a history to the logs. While it is open the live clock stands still (`HistoryStarted`)."""

    def __init__(self, sender: Sender, partitions: dict[str, int]) -> None:
        self._sender = sender
        self._partitions = partitions

    def start(self) -> None:
        """Stop the live clock."""
        self._control(HistoryStarted(event_id=str(uuid4()), occurred_at=datetime.now(UTC)))

    def finish(self) -> None:
        """Let the live clock go on."""
        self._control(HistoryFinished(event_id=str(uuid4()), occurred_at=datetime.now(UTC)))

    def _control(self, event: HistoryStarted | HistoryFinished) -> None:
        self._sender.send(HEALTH_CONTROL, encode(event), event.tenant.encode(), partition=0)
        self._sender.flush()

    def write(self, logged: Logged, mode: Mode = "import") -> None:
        """Write one entry; a partition-wide one to every partition."""
        at, (topic, key, fact) = logged
        value: bytes | None
        if topic == HEALTH_SIGNALS:
            value = encode(Signal(at=at, mode=mode, fact=fact))  # type: ignore[arg-type]
        elif topic == HEALTH_ACCOUNT_SIGNALS:
            value = encode(AccountSignal(at=at, mode=mode, fact=fact))  # type: ignore[arg-type]
        else:
            value = encode(fact) if fact is not None else None
        headers = _headers(fact, at) if isinstance(fact, Event) else []
        for partition in (-1,) if key is not None else range(self._partitions[topic]):
            self._sender.send(topic, value, key, headers, partition)


def _headers(fact: Event, at: int) -> Headers:
    return cloud_event_headers(fact.event_id, str(fact.__struct_config__.tag), fact.tenant, at)
