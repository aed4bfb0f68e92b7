"""Intake: support events in, entries of the log out. Stateless; message texts go no further than here.

Each topic has an agent of its own. Messages wait for the classifier, which runs in threads; the other topics do not
wait for it. While a run is classified the next one already is, so that no thread of the classifier waits for the last
texts of a run; they are logged in the order in which they came.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

import structlog

from models.health.errors import ModelError
from models.health.model import published_model
from models.sentiment.port import Classifier, Reading
from schemas.base import Event
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_CONTROL,
    HEALTH_SIGNALS,
    SUPPORT_LABELLED_EXAMPLES,
    SUPPORT_MESSAGES,
)
from schemas.control import ModelPublished, SentimentCorrected
from schemas.decoding import DecodeFailure, decode_event, encode
from schemas.headers import cloud_event_headers
from schemas.keys import contact_key
from schemas.messages import MessageCreated
from schemas.signals import AccountSignal, Signal
from stream.dataplane import Cycle, DataPlane, Run, in_thread
from stream.dead_letters import Limit, dead_letter
from stream.directory import Directory
from stream.metrics import Metrics
from stream.routing import classified, labelled_example, route

log = structlog.get_logger()

RETRY_SECONDS = (0.2, 1.0, 5.0, 15.0)
TRIES = 5
"""So often a text may fail by itself while the classifier works: one that is out of luck now and then loses none."""
HARMLESS = "The invoice came with the order."
READ_TEXTS = 256
"""Texts read in one call: so often does a slow classifier say that it is alive."""
CALLS = 2
"""Calls under way: while the last texts of one are read, the classifier's other threads are busy with the next."""
RUNS = 2
"""Runs of a topic in hand, for the same reason: more would only be memory, and work lost when the group rebalances."""


class Decoded(NamedTuple):
    """A record of a run with what became of it."""

    record: Any
    event: Event | DecodeFailure


class Sentiment:
    """The classifier, in threads of its own. One that fails is tried again, and only messages wait; a text that it
    fails for while it works for others is given up, or all messages after it would wait for ever.
    """

    def __init__(self, classifier: Classifier, metrics: Metrics, progress: Callable[[], None]) -> None:
        """`progress` hears that it works, or tries again: slow is not stalled."""
        self.name = f"{classifier.name} {classifier.version}"
        self._classifier = classifier
        self._metrics = metrics
        self._progress = progress
        self._turns = asyncio.Semaphore(CALLS)

    async def read(self, texts: Sequence[str]) -> list[Reading | DecodeFailure]:
        """One reading per text, in order, or why there is none. Waits for as long as the classifier fails."""
        parts = [texts[start : start + READ_TEXTS] for start in range(0, len(texts), READ_TEXTS)]
        return list(chain.from_iterable(await asyncio.gather(*map(self._read_part, parts))))

    async def _read_part(self, texts: Sequence[str]) -> Sequence[Reading | DecodeFailure]:
        async with self._turns:
            readings = await self._read_until_it_works(texts)
        self._count(readings)
        return readings

    async def _read_until_it_works(self, texts: Sequence[str]) -> Sequence[Reading | DecodeFailure]:
        for failures, delay in enumerate(chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1]))):
            readings = await self._try(texts)
            if not isinstance(readings, Exception):
                return readings
            log.warning("classifier failed, messages wait", error=type(readings).__name__, retry_seconds=delay)
            apart = await self._read_apart(texts) if failures else None
            if apart is not None:
                return apart
            await asyncio.sleep(delay)
        raise AssertionError("it tries for ever")

    async def _read_apart(self, texts: Sequence[str]) -> list[Reading | DecodeFailure] | None:
        """Each text by itself, for it may be one of them; None if the classifier fails for a harmless one, too."""
        found: list[Reading | DecodeFailure] = []
        for text in texts:
            for _ in range(TRIES):
                readings = await self._try([text])
                if not isinstance(readings, Exception):
                    found += readings
                    break
                if isinstance(await self._try([HARMLESS]), Exception):
                    return None
            else:
                why = f"the classifier fails for this text alone: {type(readings).__name__}"
                log.warning("classifier fails for one text, which is put aside", error=type(readings).__name__)
                found.append(DecodeFailure("classifier_failed", why))
        return found

    async def _try(self, texts: Sequence[str]) -> list[Reading] | Exception:
        started = time.monotonic()
        try:
            readings = await in_thread("classifier", lambda: self._classifier.classify(texts))
        except Exception as error:  # noqa: BLE001  whatever a model raises, its messages wait and are not lost
            return error
        else:
            self._metrics.sentiment.observe(time.monotonic() - started)
            return readings
        finally:
            self._progress()

    def _count(self, readings: Sequence[Reading | DecodeFailure]) -> None:
        labels = (one.label or one.reason or "none" for one in readings if isinstance(one, Reading))
        for label, count in Counter(labels).items():
            self._metrics.sentiment_labels.labels(label).inc(count)


class Intake:
    """What an intake worker does with a run of records."""

    def __init__(
        self,
        plane: DataPlane[None],
        directory: Directory,
        sentiment: Sentiment,
        limit: Limit,
        metrics: Metrics,
        partitions: dict[str, int],
        clock: Callable[[], int],
        labelled_examples: frozenset[str] = frozenset(),
    ) -> None:
        self._plane = plane
        self._directory = directory
        self._sentiment = sentiment
        self._limit = limit
        self._metrics = metrics
        self._partitions = partitions
        self._clock = clock
        self._labelled_examples = labelled_examples

    async def agent(self, stream: Any) -> None:
        """Take runs of one topic to the log, in order."""
        in_hand = asyncio.Semaphore(RUNS - 1)
        last: asyncio.Task[None] | None = None
        try:
            async with asyncio.TaskGroup() as group:
                async for run in self._plane.runs(stream):
                    last = group.create_task(self._take(run, last))
                    last.add_done_callback(lambda _: in_hand.release())
                    await in_hand.acquire()
        except ExceptionGroup as failed:
            raise failed.exceptions[0]  # noqa: B904  the worker ends with it, by its own name

    async def _take(self, run: Run, before: asyncio.Task[None] | None) -> None:
        decoded = await self._decode(run)
        events = await self._classify(decoded) if run.topic == SUPPORT_MESSAGES else decoded
        if before is not None:
            await before
        cycle = await self._plane.cycle(run.generation)
        if cycle is not None:
            with cycle:
                self._log(run, events, cycle)
                cycle.done(run)

    async def _decode(self, run: Run) -> list[Decoded]:
        if run.topic == HEALTH_CONTROL:
            return await self._decode_control(run)
        now = self._clock()
        decoded = self._decode_all(run, now)
        unknown = any(
            isinstance(item.event, DecodeFailure) and item.event.reason == "unknown_tenant" for item in decoded
        )
        if unknown:
            # The tenant may have been registered a moment ago: be sure before putting its events aside.
            await self._directory.catch_up()
            decoded = self._decode_all(run, now)
        return decoded

    async def _decode_control(self, run: Run) -> list[Decoded]:
        """These take effect beside the log, too, in all workers: they are judged as all of them do (`Decisions`)."""
        await self._directory.read_to(run.records[-1].offset + 1)
        refused = self._directory.refused
        return [
            Decoded(record, refused.get(record.offset) or _decode_one(run.topic, record.value, record.timestamp, None))
            for record in run.records
        ]

    def _decode_all(self, run: Run, now: int) -> list[Decoded]:
        tenants = self._directory.tenants
        return [Decoded(record, _decode_one(run.topic, record.value, now, tenants)) for record in run.records]

    async def _classify(self, decoded: list[Decoded]) -> list[Decoded]:
        customers = [
            item.event.text
            for item in decoded
            if isinstance(item.event, MessageCreated) and item.event.author == "customer"
        ]
        readings = iter(await self._sentiment.read(customers))
        return [Decoded(item.record, self._with_reading(item.event, readings)) for item in decoded]

    def _with_reading(self, event: Event | DecodeFailure, readings: Any) -> Event | DecodeFailure:
        if not isinstance(event, MessageCreated):
            return event
        reading = next(readings) if event.author == "customer" else None
        if isinstance(reading, DecodeFailure):
            return reading
        return classified(event, reading, self._sentiment.name)

    def _log(self, run: Run, decoded: list[Decoded], cycle: Cycle[None]) -> None:
        now = self._clock()
        refused: Counter[str] = Counter()
        for record, event in decoded:
            if isinstance(event, DecodeFailure):
                refused[event.reason] += 1
                self._put_aside(run, record, event, cycle)
            else:
                self._send(event, now, record.timestamp, cycle)
        bad = refused.total()
        self._limit.count(len(decoded) - bad, bad)
        cycle.on_commit(lambda: self._count(run.topic, len(decoded) - bad, refused))

    def _send(self, event: Event, now: int, accepted_at: int, cycle: Cycle[None]) -> None:
        for topic, key, fact in route(event):
            if fact is None:
                cycle.send(topic, None, key)
                continue
            value: bytes
            if topic == HEALTH_SIGNALS:
                value = encode(Signal(at=now, accepted_at=accepted_at, fact=fact))  # type: ignore[arg-type]
            elif topic == HEALTH_ACCOUNT_SIGNALS:
                value = encode(AccountSignal(at=now, accepted_at=accepted_at, fact=fact))  # type: ignore[arg-type]
            else:
                value = encode(fact)
            headers = cloud_event_headers(event.event_id, str(fact.__struct_config__.tag), event.tenant, now)
            for partition in (None,) if key is not None else range(self._partitions[topic]):
                cycle.send(topic, value, key, headers, partition)
        if isinstance(event, SentimentCorrected) and event.tenant in self._labelled_examples:
            self._keep_example(event, now, cycle)

    def _keep_example(self, event: SentimentCorrected, now: int, cycle: Cycle[None]) -> None:
        example = labelled_example(event)
        if example is not None:
            headers = cloud_event_headers(event.event_id, "example.labelled", event.tenant, now)
            cycle.send(SUPPORT_LABELLED_EXAMPLES, encode(example), contact_key(event.tenant, event.contact), headers)

    def _put_aside(self, run: Run, record: Any, why: DecodeFailure, cycle: Cycle[None]) -> None:
        letter = dead_letter(
            run.topic, run.partition, record.offset, record.key, record.value, record.headers or (), why
        )
        cycle.send(letter.topic, letter.value, letter.key, letter.headers)

    def _count(self, topic: str, accepted: int, refused: "Counter[str]") -> None:
        self._metrics.events.labels(topic, "accepted").inc(accepted)
        for reason, count in refused.items():
            self._metrics.events.labels(topic, "dead_letter").inc(count)
            self._metrics.dead_letters.labels(topic, reason).inc(count)


def _decode_one(topic: str, value: bytes | None, now: int, tenants: set[str] | None) -> Event | DecodeFailure:
    event = decode_event(topic, value, now_ms=now, tenants=tenants)
    if isinstance(event, ModelPublished):
        try:
            published_model(event)
        except ModelError as error:
            return DecodeFailure("invalid", str(error))
    return event
