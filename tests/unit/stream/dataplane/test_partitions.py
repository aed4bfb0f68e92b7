"""Which partitions are open, when a rebalance comes during the restore of another one."""

import asyncio
import threading
from typing import Any, cast

from stream.dataplane.partitions import Partitions
from stream.dataplane.settings import PlaneSettings

SETTINGS = PlaneSettings(application="app", worker_id="0", bootstrap="127.0.0.1:1")


async def test_a_restore_that_was_called_off_has_no_say_of_what_is_open() -> None:
    partitions = Partitions(SETTINGS, cast("Any", None), lambda: None)
    slow, quick = threading.Event(), threading.Event()
    source: Any = type("Source", (), {"folded_before": frozenset()})()
    seen: list[frozenset[int]] = []

    async def first() -> None:
        await partitions.prepare(source, {("slow", 0)}, {0, 1}, set())
        seen.append(partitions.active)

    source.committed = lambda sources: (slow if ("slow", 0) in sources else quick).wait(10) and {}
    earlier = asyncio.create_task(first())
    await asyncio.sleep(0.05)
    later = asyncio.create_task(partitions.prepare(source, {("quick", 0)}, {2}, set()))
    await asyncio.sleep(0.05)
    slow.set()
    await earlier
    assert seen == [frozenset()]
    quick.set()
    await later
    assert partitions.active == {2}
