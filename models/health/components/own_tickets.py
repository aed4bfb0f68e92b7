"""What factors ask of a contact's tickets: worked out when it is first asked, and once for all of them."""

from itertools import accumulate

from models.health.components.once import Once
from models.health.facts.tickets import NEVER, Ticket, packed_is_here, ticket_times
from models.health.state import ContactState


class OwnTickets:
    """The listed tickets that are the contact's own. All in UTC milliseconds; to be read only."""

    def __init__(self, packed: tuple[bytes, ...]) -> None:
        self.packed = packed

    @Once
    def all(self) -> tuple[Ticket, ...]:
        """In the order of their ids."""
        return tuple([Ticket.unpack(one) for one in self.packed if packed_is_here(one)])

    @Once
    def opened(self) -> tuple[int, ...]:
        """When they were opened, in order."""
        return tuple([opened_at for opened_at, _ in self.times])

    @Once
    def answered(self) -> tuple[tuple[int, int], ...]:
        """When those that an agent has answered were opened and answered, in order."""
        return tuple([times for times in self.times if times[1] != NEVER])

    @Once
    def times(self) -> tuple[tuple[int, int], ...]:
        """When each was opened and answered (`NEVER`: not yet), in order. Of most rows nothing else is asked: so they
        are not unpacked for this.
        """
        times = [ticket_times(one) for one in self.packed]
        return tuple(sorted([(opened_at, responded_at) for is_here, opened_at, responded_at in times if is_here]))

    @Once
    def solved(self) -> tuple[tuple[int, int], ...]:
        """When those that are solved were, and how long that took, in order. One that is open again is not solved."""
        solved = [ticket for ticket in self.all if ticket.solved_at != NEVER and not ticket.is_open]
        return tuple(sorted([(ticket.solved_at, max(0, ticket.solved_at - ticket.opened_at)) for ticket in solved]))

    @Once
    def severities(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """When those with a severity were opened, in order; the sums of the levels before each of them, and of all."""
        known = [(ticket.opened_at, ticket.severity_level) for ticket in self.all]
        ordered = sorted([(opened_at, level) for opened_at, level in known if level is not None])
        levels = accumulate([level for _, level in ordered], initial=0)
        return tuple([opened_at for opened_at, _ in ordered]), tuple(levels)

    @Once
    def are_settled(self) -> bool:
        """Whether there are any, and all are solved or closed."""
        return bool(self.all) and all(ticket.is_settled for ticket in self.all)

    @Once
    def heard(self) -> tuple[tuple[int, int, int], ...]:
        """Of each its reference, when it was last heard of, and the number of its replies."""
        return tuple([(ticket.id >> 32, ticket.heard_at, ticket.replies) for ticket in self.all])


_latest = OwnTickets(())


def own_tickets(state: ContactState) -> OwnTickets:
    """The tickets of a row. Those of the row that was asked last are kept: a signal asks some twenty times."""
    global _latest
    latest = _latest
    if latest.packed is not state.tickets:
        latest = _latest = OwnTickets(state.tickets)
    return latest
