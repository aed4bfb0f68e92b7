"""Quix Streams with state, exactly once. Runs in an environment of its own; its own defaults otherwise."""

from typing import Any

from quixstreams import Application, State, message_context
from quixstreams.models import Serializer, Topic

from bench.contestants.step import OUTPUTS, Outgoing, Step, task
from models.health.state import decode, encode


class Value(Serializer):
    """The bytes of an `Outgoing`."""

    def __call__(self, value: Outgoing, ctx: Any) -> bytes:
        """As it is."""
        return value.value  # type: ignore[return-value]


def main() -> None:
    """Run until killed."""
    told = task()
    app = Application(
        told.bootstrap,
        consumer_group=told.name,
        auto_offset_reset="earliest",
        state_dir=told.folder,
        processing_guarantee="exactly-once",
        producer_extra_config={"compression.type": "lz4"},
    )
    source = app.topic(told.source, key_deserializer="bytes", value_deserializer="bytes")
    outputs = {
        told.prefix + name: app.topic(told.prefix + name, key_serializer="bytes", value_serializer=Value())
        for name in OUTPUTS
    }
    step = Step(told.prefix)

    def fold(value: bytes, key: bytes, _timestamp: int, _headers: Any, state: State) -> list[Outgoing]:
        context = message_context()
        stored = state.get_bytes("row")
        row, outgoing = step(context.partition, context.offset, key, value, None if stored is None else decode(stored))
        if row is not None:
            state.set_bytes("row", encode(row))
        return outgoing

    def topic(value: Outgoing, _key: bytes, _timestamp: int, _headers: Any) -> Topic:
        return outputs[value.topic]

    frame = app.dataframe(source)
    frame = frame.apply(fold, stateful=True, metadata=True, expand=True)
    frame = frame.set_headers(lambda value, _key, _timestamp, _headers: value.headers)
    frame.to_topic(topic, key=lambda value: value.key)
    app.run()


if __name__ == "__main__":
    main()
