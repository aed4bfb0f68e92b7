"""Faust as the control plane: membership, assignment, agents and streams. It fetches, restores and commits nothing.

Each override says which part of Faust it replaces. Written for faust-streaming 0.15.3.
"""

from typing import Any, Protocol

import faust
from faust.events import Event
from faust.tables.manager import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import Service

from stream.dataplane.run import Generation, Run
from stream.dataplane.settings import PlaneSettings

Key = tuple[str, int]


class Steered(Protocol):
    """What Faust tells the data plane, and asks it for."""

    async def next_run(self) -> Run:
        """The next run for an agent."""

    async def leave(self) -> None:
        """The group rebalances: finish what is folded, stop everything of this generation."""

    async def enter(self, generation: Generation, sources: set[Key], active: set[int], standby: set[int]) -> None:
        """A new assignment: restore, then read the sources. Cancelled when the group rebalances again."""

    def fail(self, error: BaseException) -> None:
        """End the process. From any thread."""


class App(faust.App):
    """A Faust app steered by `plane`, which is set before the app starts."""

    plane: Steered

    def _new_transport(self) -> Any:
        return Transport(self.conf.broker_consumer, self)

    def is_member(self, generation: Generation) -> bool:
        """Whether our member of the group is still the one of this generation, as far as it knows itself."""
        consumer: Any = self.consumer
        return bool(consumer._thread.member_id == generation.member_id)

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:
        self.plane.fail(exc)  # Faust would restart the agent over half a cycle

    def _crash(self, reason: BaseException) -> None:
        super()._crash(reason)
        self.plane.fail(reason)


class Thread(driver.AIOKafkaConsumerThread):
    """The member of the group. Its partitions are paused: it never fetches."""

    generation: Generation | None = None

    @property
    def member_id(self) -> str:
        """Which member of the group this is now; empty while it joins anew."""
        return str(self._ensure_consumer()._coordinator.member_id)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Take down under which generation the partitions are ours, here, where it cannot have changed again."""
        consumer = self._ensure_consumer()
        coordinator = consumer._coordinator
        consumer.pause(*(driver.ensure_aiokafka_TP(tp) for tp in assigned))
        conf = self.app.conf
        self.generation = Generation(
            coordinator.generation, coordinator.member_id, conf.id, conf.consumer_group_instance_id or None
        )
        await super().on_partitions_assigned(assigned, generation_id)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's watchdog knows nothing of our runs."""


class Consumer(driver.Consumer):
    """Hands runs to the conductor and keeps Faust's hands off offsets."""

    app: App
    _thread: Thread

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what is folded while this generation still holds, then let go."""
        await self.app.plane.leave()
        await super().on_partitions_revoked(revoked)

    async def _drain_messages(self, fetcher: Any) -> None:
        while not (self._stopped.is_set() or fetcher._stopped.is_set()):
            run = await self.app.plane.next_run()
            await self.callback(self._message(run))

    def _message(self, run: Any) -> ConsumerMessage:
        tp = TP(run.topic, run.partition)
        offset = run.records[-1].offset
        return ConsumerMessage(
            run.topic,
            run.partition,
            offset,
            0.0,
            0,
            {},
            None,
            run,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def perform_seek(self) -> None:
        """Positions are the data plane's."""

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Offsets are committed by the delivery."""
        return True

    async def commit_offsets(self, offsets: dict[Key, int]) -> bool:
        """Commit as a member of the group (for brokers without transactions)."""
        return await self._thread.commit({TP(*where): offset for where, offset in offsets.items()})

    @Service.task
    async def _commit_handler(self) -> None:
        """Nothing to commit by the clock."""

    @Service.task
    async def _commit_livelock_detector(self) -> None:
        """The data plane has a watchdog of its own."""


class Transport(driver.Transport):
    """Faust's transport with our consumer."""

    Consumer = Consumer


class RunRecovery(Recovery):
    """Faust decides when to recover; the data plane does it, in bulk, actives and standbys."""

    app: App

    @Service.task
    async def _restart_recovery(self) -> None:
        while not self.should_stop:
            signal: Any = self.signal_recovery_start  # typed as mode's event, is asyncio's
            if await self.wait_for_stopped(signal):
                return
            self.signal_recovery_start.clear()
            try:
                await self._recover(self._generation_id)
            except RebalanceAgain:
                continue
            except ServiceStopped:
                return
            except Exception as error:  # noqa: BLE001  the process ends with it
                self.app.plane.fail(error)

    @Service.task
    async def _slurp_changelogs(self) -> None:
        """Changelogs do not come through Faust."""

    @Service.task
    async def _publish_stats(self) -> None:
        """The observer is told."""

    async def _recover(self, number: int) -> None:
        app = self.app
        consumer: Consumer = app.consumer  # type: ignore[assignment]
        thread = consumer._thread
        generation = thread.generation
        if generation is None or generation.number != number:
            return  # another rebalance is under way and will set the signal again
        self._set_recovery_started()
        assigned = {TP(tp.topic, tp.partition) for tp in app.consumer.assignment()}
        sources = {(tp.topic, tp.partition) for tp in assigned if not self._is_changelog_tp(tp)}
        active = {tp.partition for tp in self.active_tps}
        standby = {tp.partition for tp in self.standby_tps} - active
        await self._wait(app.plane.enter(generation, sources, active, standby))
        self._set_recovery_ended()
        await app.on_rebalance_complete.send()
        self.completed.set()
        app.flow_control.resume()
        app.consumer.resume_flow()
        await app._fetcher.maybe_start()
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        app.on_rebalance_end()


class RunTableManager(TableManager):
    """Faust's, with our recovery and without its second of sleep at the start."""

    @property
    def recovery(self) -> RunRecovery:
        """The recovery service."""
        recovery = self._recovery
        if not isinstance(recovery, RunRecovery):
            recovery = self._recovery = RunRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return recovery

    async def on_start(self) -> None:
        """Register the tables at once."""
        await self._update_channels()
        await self.recovery.start()


class RunSchema(faust.Schema[Any, Any]):
    """Runs pass through undecoded."""

    def compile(self, app: Any, **_options: Any) -> Any:
        """A decoder that decodes nothing."""

        async def decode(message: Any, *, propagate: bool = False) -> Event:
            return Event(app, message.key, message.value, {}, message)

        return decode


def new_app(settings: PlaneSettings, plane: Steered) -> App:
    """A Faust app with everything off that the data plane does itself."""
    app = App(
        settings.application,
        **{
            "broker": [f"kafka://{address}" for address in settings.bootstrap.split(",")],
            "datadir": str(settings.data_dir / "faust") if settings.data_dir is not None else None,
            "store": "memory://",
            "key_serializer": "raw",
            "value_serializer": "raw",
            "TableManager": RunTableManager,
            "web_enabled": False,
            "topic_allow_declare": False,
            "topic_disable_leader": True,
            "table_standby_replicas": settings.standby_replicas,
            "stream_wait_empty": False,
            "stream_buffer_maxsize": 1 << 20,  # the source keeps the room, per partition
            "broker_session_timeout": settings.session_timeout_seconds,
            "broker_heartbeat_interval": settings.heartbeat_seconds,
            "broker_rebalance_timeout": settings.rebalance_timeout_seconds,
            "broker_request_timeout": max(40.0, settings.session_timeout_seconds + 10),
            "broker_max_poll_interval": 10**6,  # it never polls; our watchdog ends a stalled process
            "consumer_group_instance_id": settings.instance_id,
            "consumer_auto_offset_reset": "earliest",
            "recovery_consistency_check": False,
            **settings.faust,
        },
    )
    app.plane = plane
    if settings.table is not None:  # so that the assignor gives us its changelog with the sources, and standbys
        app.Table(settings.table, key_type=bytes, value_type=bytes)
    return app


def subscribe(app: App, topic: str) -> Any:
    """A Faust topic whose events are runs."""
    return app.topic(topic, schema=RunSchema(key_serializer="raw", value_serializer="raw"))
