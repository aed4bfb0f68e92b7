"""Tickets, packed: all open ones (up to 200) and the 50 others that were heard of last.

A ticket is a head of 57 bytes and 4 for each reply. What changes in its life (status, severity,
whether it is still this contact's) is kept as one number, time and value together, of which the greatest counts: so
of two facts the later one, and of two at the same time the one further along (closed after solved after open; urgent
after low; gone after here). Times of a kind that happens once (opened, first response) are the earliest heard of.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from operator import itemgetter
from struct import Struct, pack, unpack

import msgspec

from models.health.facts.ids import ID_BYTES
from schemas.base import Severity, TicketStatus

KEPT_OPEN = 200
KEPT_OTHERS = 50
MAX_ENTRIES = 48

NEVER = 0

_HEAD = Struct(">Q?6Q")
ticket_times = Struct(">8x?QQ").unpack_from
"""Of a packed ticket: whether it is this contact's, when it was opened, and when answered (`NEVER`: not yet)."""
packed_is_here = itemgetter(ID_BYTES)
"""Whether a packed ticket is this contact's: the byte after its id."""
packed_times = itemgetter(slice(ID_BYTES, ID_BYTES + 17))
"""What `ticket_times` reads, as bytes."""
_STATUS_BITS = 3
_SEVERITY_BITS = 2

STATUSES: dict[TicketStatus, int] = {"open": 1, "pending": 2, "on_hold": 3, "solved": 4, "closed": 5}
SEVERITIES: dict[Severity, int] = {"low": 0, "normal": 1, "high": 2, "urgent": 3}
_OPEN_STATUSES = frozenset((1, 2, 3))
_SETTLED_STATUSES = frozenset((4, 5))

CUSTOMER_REPLY, AGENT_REPLY, BOT_REPLY, REOPENING = range(4)
_KIND_OF_BYTE = bytes(byte & 3 for byte in range(256))


class Ticket(msgspec.Struct, gc=False):
    """A ticket. Times in UTC milliseconds, `NEVER` if not heard of.

    `status`, `severity` and `owner` hold a time and a value each; read them through the properties.
    """

    id: int
    opened_at: int = NEVER
    responded_at: int = NEVER
    solved_at: int = NEVER
    status: int = NEVER
    severity: int = NEVER
    owner: int = NEVER
    entries: bytes = b""

    @classmethod
    def unpack(cls, packed: bytes) -> "Ticket":
        """A ticket of its packed form."""
        number, _, opened_at, responded_at, solved_at, status, severity, owner = _HEAD.unpack_from(packed)
        return cls(number, opened_at, responded_at, solved_at, status, severity, owner, packed[_HEAD.size :])

    def pack(self) -> bytes:
        """The packed form: it begins with the id, so that a list of them is sorted by id."""
        return (
            _HEAD.pack(
                self.id,
                self.is_here,
                self.opened_at,
                self.responded_at,
                self.solved_at,
                self.status,
                self.severity,
                self.owner,
            )
            + self.entries
        )

    @property
    def is_open(self) -> bool:
        """Whether the latest status says so."""
        return self.status & 7 in _OPEN_STATUSES

    @property
    def is_settled(self) -> bool:
        """Whether the latest status says that it is solved or closed."""
        return self.status & 7 in _SETTLED_STATUSES

    @property
    def status_at(self) -> int:
        """When the latest status was said."""
        return self.status >> _STATUS_BITS

    @property
    def severity_level(self) -> int | None:
        """0 low, 1 normal, 2 high, 3 urgent."""
        return None if self.severity == NEVER else self.severity & 3

    @property
    def is_here(self) -> bool:
        """Whether it is this contact's: a fact said so, and none later that it left."""
        return self.owner != NEVER and not self.owner & 1

    @property
    def heard_at(self) -> int:
        """When a ticket's fact last named its contact."""
        return self.owner >> 1

    def set_status(self, status: TicketStatus, at: int) -> None:
        """The ticket's status became this at `at`."""
        self.status = max(self.status, at << _STATUS_BITS | STATUSES[status])
        if status == "solved":
            self.solved_at = max(self.solved_at, at)

    def set_severity(self, severity: Severity, at: int) -> None:
        """The ticket's severity became this at `at`."""
        self.severity = max(self.severity, at << _SEVERITY_BITS | SEVERITIES[severity])

    def set_owner(self, here: bool, at: int) -> None:
        """A fact of `at` named this contact as the ticket's, or another one."""
        self.owner = max(self.owner, at << 1 | (not here))

    def opened_by(self, at: int) -> None:
        """The ticket was open at `at` at the latest."""
        self.opened_at = at if self.opened_at == NEVER else min(self.opened_at, at)

    def responded_by(self, at: int) -> None:
        """An agent had answered by `at` at the latest."""
        self.responded_at = at if self.responded_at == NEVER else min(self.responded_at, at)

    def joined(self, other: "Ticket") -> "Ticket":
        """What both say of one ticket. It is here if it is either's: of two contacts that were merged, at the same time
        it left the one for the other.
        """
        same_time = self.owner >> 1 == other.owner >> 1
        return Ticket(
            self.id,
            min((at for at in (self.opened_at, other.opened_at) if at != NEVER), default=NEVER),
            min((at for at in (self.responded_at, other.responded_at) if at != NEVER), default=NEVER),
            max(self.solved_at, other.solved_at),
            max(self.status, other.status),
            max(self.severity, other.severity),
            min(self.owner, other.owner) if same_time else max(self.owner, other.owner),
            _joined_entries(self.entries, other.entries),
        )

    def add_entry(self, reference: int, kind: int) -> None:
        """Count a reply (or a reopening) once, by the reference of its id."""
        self.entries = _with_entry(self.entries, reference, kind)

    def entry_count(self, kind: int) -> int:
        """How many replies of a kind, or reopenings."""
        return self.entries[3::4].translate(_KIND_OF_BYTE).count(kind)

    @property
    def replies(self) -> int:
        """How many replies of all kinds."""
        return len(self.entries) // 4 - self.entry_count(REOPENING)


def add_customer_reply(packed: bytes, reference: int) -> bytes:
    """A packed ticket with one more reply of the customer: the same as `add_entry`, without unpacking the head."""
    size = _HEAD.size
    return packed[:size] + _with_entry(packed[size:], reference, CUSTOMER_REPLY)


def _with_entry(entries: bytes, reference: int, kind: int) -> bytes:
    """Entries with one more: the upper 30 bits of the reference, and its kind.

    The smallest 48 are kept: the set is exact up to 48 and full then, whatever the order in which they come.
    """
    entry = reference & ~3 | kind
    numbers = list(unpack(f">{len(entries) // 4}I", entries))
    if entry in numbers:
        return entries
    insort(numbers, entry)
    del numbers[MAX_ENTRIES:]
    return pack(f">{len(numbers)}I", *numbers)


def _joined_entries(entries: bytes, other: bytes) -> bytes:
    numbers = {number for both in (entries, other) for number in unpack(f">{len(both) // 4}I", both)}
    kept = sorted(numbers)[:MAX_ENTRIES]
    return pack(f">{len(kept)}I", *kept)


def find_ticket(tickets: Sequence[bytes], ticket: bytes) -> tuple[int, bool]:
    """Where the ticket with this id hash is in the sorted list, or belongs, and whether it is there."""
    position = bisect_left(tickets, ticket)
    return position, position < len(tickets) and tickets[position][:ID_BYTES] == ticket


def with_ticket(tickets: tuple[bytes, ...], position: int, packed: bytes, known: bool) -> tuple[bytes, ...]:
    """The list with a ticket in its place, instead of what it was if it was known."""
    return (*tickets[:position], packed, *tickets[position + known :])


def tickets_here(tickets: Iterable[bytes]) -> int:
    """How many tickets are this contact's."""
    return sum(map(packed_is_here, tickets))


def shorten(tickets: tuple[bytes, ...]) -> tuple[tuple[bytes, ...], list[Ticket]]:
    """The tickets that there is room for, and the others, which were not heard of for longest."""
    if len(tickets) <= KEPT_OTHERS:
        return tickets, []
    unpacked = sorted(map(Ticket.unpack, tickets), key=lambda ticket: (ticket.heard_at, ticket.id), reverse=True)
    is_open = [ticket for ticket in unpacked if ticket.is_open and ticket.is_here]
    others = [ticket for ticket in unpacked if not (ticket.is_open and ticket.is_here)]
    left = is_open[KEPT_OPEN:] + others[KEPT_OTHERS:]
    gone = {ticket.id.to_bytes(ID_BYTES) for ticket in left}
    return tuple([packed for packed in tickets if packed[:ID_BYTES] not in gone]), left
