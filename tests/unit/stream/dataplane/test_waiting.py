"""Runs that wait for an agent."""

from stream.dataplane.run import Generation, Record, Run
from stream.dataplane.waiting import WaitingRoom

GENERATION = Generation(1, "member", "group")


def run(partition: int, first: int, count: int = 1) -> Run:
    records = [Record(offset, None, b"v", None, 0) for offset in range(first, first + count)]
    return Run("in", partition, records, GENERATION, size=count)


def offsets(run: Run | None) -> list[int]:
    return [] if run is None else [record.offset for record in run.records]


def test_runs_of_a_partition_come_in_order_and_grow_while_they_wait() -> None:
    room = WaitingRoom(run_records=10)
    room.add([run(0, 0, 2)])
    room.add([run(0, 2, 3)])
    handed = room.hand()
    assert offsets(handed) == [0, 1, 2, 3, 4]
    assert handed is not None
    assert handed.size == 5
    assert not room


def test_a_run_grows_to_its_limit_only() -> None:
    room = WaitingRoom(run_records=4)
    room.add([run(0, 0, 3), run(0, 3, 3)])
    first = room.hand()
    assert offsets(first) == [0, 1, 2]
    assert first is not None
    room.taken(first)
    assert offsets(room.hand()) == [3, 4, 5]


def test_an_agent_has_one_untaken_run_of_a_partition() -> None:
    room = WaitingRoom(run_records=1)
    room.add([run(0, 0), run(0, 1)])
    first = room.hand()
    assert first is not None
    assert room.hand() is None
    room.taken(first)
    assert offsets(room.hand()) == [1]


def test_partitions_take_turns() -> None:
    room = WaitingRoom(run_records=1)
    room.add([run(0, 0), run(0, 1), run(1, 0)])
    order = []
    while (handed := room.hand()) is not None:
        order.append((handed.partition, offsets(handed)))
        room.taken(handed)
    assert order == [(0, [0]), (1, [0]), (0, [1])]


def test_nothing_of_an_old_generation_is_left() -> None:
    room = WaitingRoom(run_records=1)
    room.add([run(0, 0), run(0, 1)])
    room.hand()
    room.clear()
    assert room.hand() is None
    room.add([run(0, 5)])
    assert offsets(room.hand()) == [5]
