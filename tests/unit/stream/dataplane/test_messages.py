"""What a consumer returns becomes runs."""

from stream.dataplane.messages import to_runs
from stream.dataplane.run import Generation


class Message:
    """As confluent-kafka's."""

    def __init__(
        self, topic: str, partition: int, offset: int, value: bytes | None = b"value", error: str | None = None
    ):
        self._fields = topic, partition, offset, value, error

    def topic(self) -> str:
        return self._fields[0]

    def partition(self) -> int:
        return self._fields[1]

    def offset(self) -> int:
        return self._fields[2]

    def key(self) -> bytes:
        return b"key"

    def value(self) -> bytes | None:
        return self._fields[3]

    def headers(self) -> None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_700_000_000_000

    def error(self) -> str | None:
        return self._fields[4]


def test_records_are_grouped_by_partition_in_order_and_events_told_apart() -> None:
    events: list[Message] = []
    end = Message("a", 0, 9, None, "end of partition")
    messages = [Message("a", 0, 1), Message("a", 1, 5), Message("a", 0, 2), end, Message("b", 0, 1, None)]
    generation = Generation(1, "m", "g")

    runs = to_runs(messages, generation, events.append)

    assert [(r.topic, r.partition, [x.offset for x in r.records], r.size) for r in runs] == [
        ("a", 0, [1, 2], 16),
        ("a", 1, [5], 8),
        ("b", 0, [1], 3),
    ]
    assert all(run.generation is generation for run in runs)
    assert runs[0].records[0].timestamp == 1_700_000_000_000
    assert events == [end]
