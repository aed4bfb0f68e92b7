"""Faust as its manual shows it: an agent over events, a table in RocksDB, `topic.send`. Its own defaults otherwise."""

from typing import Any

import faust
from faust.types import StreamT

from bench.contestants.step import OUTPUTS, Step, task
from models.health.state import decode, encode

told = task()
app = faust.App(
    told.name,
    broker=f"kafka://{told.bootstrap}",
    store="rocksdb://",
    datadir=told.folder,
    topic_partitions=told.partitions,
    topic_replication_factor=1,
    key_serializer="raw",
    value_serializer="raw",
    web_enabled=False,
)
signals = app.topic(told.source)
outputs = {told.prefix + name: app.topic(told.prefix + name) for name in OUTPUTS}
contacts = app.Table("contacts", key_type=bytes, value_type=bytes, partitions=told.partitions)
step = Step(told.prefix)


@app.agent(signals)
async def score(stream: StreamT[Any]) -> None:
    """Fold each event."""
    async for event in stream.events():
        key, message = event.key, event.message
        stored = contacts.get(key)
        row, outgoing = step(
            message.partition,
            message.offset,
            key,
            event.value,
            None if stored is None else decode(stored),
        )
        if row is not None:
            contacts[key] = encode(row)
        for topic, value, headers, to in outgoing:
            await outputs[topic].send(key=to, value=value, headers=headers)


if __name__ == "__main__":
    app.main()
