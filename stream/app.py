"""The composition root: from settings to a running worker. The only place that knows every part."""

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import structlog

from models.sentiment.port import Classifier
from schemas.catalogue import HEALTH_SIGNALS, INPUTS
from stream.classifier import open_classifier
from stream.clock import ClockWriter
from stream.dataplane import STEPS_OF_A_STOP, Codec, DataPlane, PlaneSettings, in_thread, serve
from stream.dead_letters import Limit
from stream.directory import Directory
from stream.http import HealthServer
from stream.intake import Intake, Sentiment
from stream.metrics import Metrics, PlaneObserver
from stream.rollup import ACCOUNTS_CODEC, PORTFOLIOS_CODEC, Accounts, Portfolios, Rollup
from stream.scoring import RowCodec, Scoring
from stream.settings import Settings, Stage
from stream.topics import TABLES, Topics, all_topics

log = structlog.get_logger()

# A commit needs Python's lock a dozen times, and while the event loop folds it waits so long for it each time: with the
# default of 5 ms a commit of 200 records beside a busy loop takes 41 ms; with 1 ms 13, but folding costs a tenth more.
SWITCH_SECONDS = 0.002

CLOSE_SECONDS = 2.0

NETWORK_BYTES = 16 << 20
"""Memory that intake keeps for what the network passes between its layers, up to 1.2 MiB a piece: to get that from the
system anew each time is a third of the CPU that a message costs.
"""

Service = Callable[[], Awaitable[None]]


def wall_clock() -> int:
    """Now, in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def run_worker(stage: Stage, settings: Settings) -> None:
    """Run a worker until it is told to stop. Raises `HeartlineError` when it had to end."""
    sys.setswitchinterval(SWITCH_SECONDS)
    asyncio.run(_run(stage, settings))


async def _run(stage: Stage, settings: Settings) -> None:
    async with AsyncExitStack() as held:
        await _work(stage, settings, held)
    log.info("worker stopped", stage=stage, worker=settings.worker_id)


async def _work(stage: Stage, settings: Settings, held: AsyncExitStack) -> None:
    metrics = Metrics(stage)
    partitions = await asyncio.to_thread(_partitions, settings)
    plane: DataPlane[Any]
    services: Sequence[Service] = ()
    if stage == "intake":
        plane, services = _intake(settings, metrics, partitions, held)
    else:
        plane = _folding(stage, settings, metrics, partitions)
    server = HealthServer(settings.http_host, settings.http_port, metrics, lambda: plane.ready)
    log.info("worker starts", stage=stage, worker=settings.worker_id, port=await server.start())
    tasks = [asyncio.create_task(_guarded(service, plane)) for service in services]
    try:
        await serve(plane, _stop_signal())
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.stop()


async def _close(classifier: Classifier) -> None:
    """Give back its threads; one that hangs is left alone."""
    await asyncio.wait([in_thread("classifier", classifier.close)], timeout=CLOSE_SECONDS)


async def _guarded(service: Service, plane: DataPlane[Any]) -> None:
    try:
        await service()
    except Exception as error:  # noqa: BLE001  the process ends with it
        plane.fail(error)


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _partitions(settings: Settings) -> dict[str, int]:
    """Partitions by topic, after checking that all topics are as they have to be."""
    topics = Topics(settings)
    if settings.delivery == "plain":
        return topics.partitions()
    return topics.require(topic.name for topic in all_topics(settings))


def _plane_settings(stage: Stage, settings: Settings) -> PlaneSettings:
    return PlaneSettings(
        application=settings.group(stage),
        worker_id=settings.worker_id,
        bootstrap=settings.bootstrap_servers,
        delivery=settings.delivery,
        librdkafka=settings.kafka(),
        faust=settings.faust(),
        table=TABLES[stage][0] if stage in TABLES else None,
        data_dir=settings.data_directory,
        standby_replicas=settings.standby_replicas if stage in TABLES else 0,
        instance_id=settings.worker_id if settings.static_membership else None,
        topics_on_first_use=settings.delivery == "plain",
        replication_factor=settings.replication_factor,
        session_timeout_seconds=settings.session_timeout_seconds,
        cycle_records=settings.cycle_records,
        stall_seconds=settings.stall_seconds,
        drain_seconds=settings.drain_seconds / STEPS_OF_A_STOP,
    )


def _intake(
    settings: Settings, metrics: Metrics, partitions: dict[str, int], held: AsyncExitStack
) -> tuple[DataPlane[None], Sequence[Service]]:
    plane: DataPlane[None] = DataPlane(
        replace(_plane_settings("intake", settings), kept_bytes=NETWORK_BYTES), observer=PlaneObserver(metrics)
    )
    directory = Directory(settings.kafka(), settings.tenants, partitions[HEALTH_SIGNALS])
    metrics.history_open.set_function(lambda: directory.history_open)
    classifier = open_classifier(settings)
    held.push_async_callback(_close, classifier)
    sentiment = Sentiment(classifier, metrics, plane.progress)
    limit = Limit(settings.dead_letter_limit)
    intake = Intake(plane, directory, sentiment, limit, metrics, partitions, wall_clock, settings.labelled_examples)
    for topic in INPUTS:
        plane.agent(topic.name)(intake.agent)
    plane.background(ClockWriter(plane, directory, partitions, settings.recompute_at, wall_clock).run)
    return plane, [directory.follow]


def _folding(stage: Stage, settings: Settings, metrics: Metrics, partitions: dict[str, int]) -> DataPlane[Any]:
    """A stage that folds its log into a table: the same machine for each of them."""
    codec, kind = FOLDS[stage]
    plane: DataPlane[Any] = DataPlane(_plane_settings(stage, settings), codec, observer=PlaneObserver(metrics))
    folding = kind(plane, Limit(settings.dead_letter_limit), metrics, partitions)
    plane.agent(folding.topic)(folding.agent)
    plane.background(folding.sweep)
    return plane


FOLDS: dict[Stage, tuple[Codec[Any], type[Scoring] | type[Rollup]]] = {
    "scoring": (RowCodec(), Scoring),
    "accounts": (ACCOUNTS_CODEC, Accounts),
    "portfolios": (PORTFOLIOS_CODEC, Portfolios),
}
"""The stages that fold."""
