"""What a librdkafka consumer returns, as runs."""

from collections.abc import Callable, Sequence
from typing import Any

from stream.dataplane.run import Generation, Headers, Record, Run

UNREADABLE: Headers = (("unreadable-headers", b"a name is not UTF-8"),)
"""In place of headers that confluent-kafka cannot decode: a record with them must not stop the line."""


def to_runs(messages: Sequence[Any], generation: Generation, event: Callable[[Any], None]) -> list[Run]:
    """Group records by partition, in order. `event` gets the messages that are no records (ends, errors).

    The hot path of the reader, half a microsecond a record. The messages are untyped because confluent-kafka's stubs
    make everything optional that a good message always has.
    """
    runs: dict[tuple[str, int], Run] = {}
    run: Run | None = None
    for message in messages:
        if message.error() is not None:
            event(message)
            continue
        topic, partition = message.topic(), message.partition()
        if run is None or run.partition != partition or run.topic != topic:
            run = runs.get((topic, partition))
            if run is None:
                run = runs[topic, partition] = Run(topic, partition, [], generation)
        key, value = message.key(), message.value()
        try:
            headers = message.headers()
        except SystemError:
            headers = UNREADABLE
        run.records.append(Record(message.offset(), key, value, headers, message.timestamp()[1]))
        run.size += (0 if value is None else len(value)) + (0 if key is None else len(key))
    return list(runs.values())
