"""What becomes of the messages that a consumer returns."""

from typing import Any

from stream.dataplane.messages import UNREADABLE, to_runs
from stream.dataplane.run import Generation


class Message:
    """As confluent-kafka has it, and as it behaves when the name of a header is not UTF-8."""

    def __init__(self, partition: int, offset: int, readable: bool = True) -> None:
        self._partition, self._offset, self._readable = partition, offset, readable

    def error(self) -> None: ...

    def topic(self) -> str:
        return "t"

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes:
        return b"key"

    def value(self) -> bytes:
        return b"value"

    def timestamp(self) -> tuple[int, int]:
        return 1, 1000

    def headers(self) -> Any:
        if not self._readable:
            raise SystemError("<method 'headers'> returned a result with an exception set")
        return [("name", b"1")]


def test_records_are_grouped_by_partition_in_their_order() -> None:
    first, second = to_runs(
        [Message(0, 1), Message(1, 7), Message(0, 2)], Generation(1, "member", "group"), lambda _: None
    )
    assert [record.offset for record in first.records] == [1, 2]
    assert [record.offset for record in second.records] == [7]
    assert first.size == 2 * len(b"keyvalue")


def test_a_header_whose_name_is_not_utf_8_does_not_stop_the_line() -> None:
    (run,) = to_runs([Message(0, 1, readable=False), Message(0, 2)], Generation(1, "member", "group"), lambda _: None)
    assert [record.headers for record in run.records] == [UNREADABLE, [("name", b"1")]]
