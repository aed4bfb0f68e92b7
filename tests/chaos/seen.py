"""What a reader of committed data sees, and what is found when it is held against what has to be there."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from tests.oracle.log import Subject
from tests.support.heartline import Heartline

POISON = "poison"
"""Header of the records that have to end as dead letters."""

Place = tuple[str, int, int]
T = TypeVar("T")


class Named(Protocol):
    """What was sent, by its id."""

    @property
    def event_id(self) -> str:
        """As it is on the wire."""


class Seen(NamedTuple):
    """A committed record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.topic, self.partition, self.offset

    @property
    def subject(self) -> Subject:
        """Whose it is, by its key."""
        tenant, _, contact = self.name.partition("/")
        return tenant, contact

    @property
    def name(self) -> str:
        """Its key as text."""
        return (self.key or b"").decode()


@dataclass
class Verdict:
    """What was compared (`records` by topic, `alerts` of contacts by kind), and what disagrees: expected and missing,
    there twice, or there and not as it has to be.
    """

    records: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    contacts: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """All disagreements, one line each."""
        kinds = (("lost", self.lost), ("doubled", self.doubled), ("wrong", self.wrong))
        return [f"{kind}: {what}" for kind, found in kinds for what in found]

    def compare(self, where: str, told: Counter[T], expected: Counter[T]) -> None:
        """Hold what is there against what has to be there, and how often."""
        for what in told.keys() | expected.keys():
            self.count(f"{where}: {what}", told[what], expected[what])

    def count(self, what: str, there: int, due: int) -> None:
        """Hold how often something is there against how often it has to be."""
        if there < due:
            self.lost.append(f"{what} is there {there} times, not {due}")
        elif there > due:
            self.doubled.append(f"{what} is there {there} times, not {due}")


def records(heartline: Heartline, topic: str) -> list[Seen]:
    """All committed records of a topic."""
    messages: list[Any] = heartline.records(topic)
    return [
        Seen(
            topic, message.partition(), message.offset(), message.key(), message.value(), tuple(message.headers() or ())
        )
        for message in messages
    ]


def by_partition(all_records: Iterable[Seen]) -> dict[int, list[Seen]]:
    """Records by their partition, in order."""
    logs: dict[int, list[Seen]] = defaultdict(list)
    for record in sorted(all_records, key=lambda record: record.place):
        logs[record.partition].append(record)
    return logs
