"""What factors ask of a contact's messages: worked out when it is first asked, and once for all of them."""

from models.health.components.once import Once
from models.health.facts.messages import AGENT, conversations_without_ticket, readings, time_of, times_of_tickets
from models.health.state import ContactState

_AGENTS = AGENT << 5
_IS_CUSTOMERS = bytes(reading < _AGENTS for reading in range(256))


class KeptMessages:
    """The messages that a row keeps. All in UTC milliseconds; to be read only."""

    def __init__(self, packed: bytes) -> None:
        self.packed = packed

    @Once
    def written(self) -> tuple[int | None, int | None]:
        """When an agent wrote last, and when the customer did."""
        packed = self.packed
        kept = readings(packed)
        agents, customers = kept.rfind(_AGENTS), kept.translate(_IS_CUSTOMERS).rfind(1)
        return (
            None if agents < 0 else time_of(packed, agents),
            None if customers < 0 else time_of(packed, customers),
        )

    @Once
    def by_ticket(self) -> dict[int, int]:
        """When each ticket (its reference) was last written on."""
        return times_of_tickets(self.packed)

    @Once
    def conversations(self) -> tuple[int, ...]:
        """When the customer last wrote in each conversation without a ticket, in order."""
        return tuple(sorted(conversations_without_ticket(self.packed)))


_latest = KeptMessages(b"")


def kept_messages(state: ContactState) -> KeptMessages:
    """The messages of a row. Those of the row that was asked last are kept, as its tickets are (`own_tickets`)."""
    global _latest
    latest = _latest
    if latest.packed is not state.messages:
        latest = _latest = KeptMessages(state.messages)
    return latest
