"""`interactions_per_ticket`: how much writing a ticket takes."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from models.health.components.factor import Factor, Window, window
from models.health.components.own_tickets import own_tickets
from models.health.components.windows import began, ended, next_to_leave
from models.health.facts.messages import times_of_tickets
from models.health.facts.sections import CLOCK, HISTORY, LEFT, MESSAGES, REPLIES, TICKET_TIMES, TICKETS
from models.health.state import ContactState, Measured


class Touched(NamedTuple):
    """Tickets: the time by which a window counts them, when they were last touched, how many, and their messages."""

    at: int
    last_at: int
    tickets: int
    interactions: int


class InteractionsPerTicket(Factor, frozen=True, kw_only=True):
    """Measure: messages of both sides per ticket, the average over the tickets touched in the last `window_days` (60).
    Of a ticket 48 are counted at most. A ticket that left the row's list counts by the day it was opened.

    By default four are good and twelve are poor. No value while not one message of these tickets is known. Source: 000.
    """

    name = "interactions_per_ticket"
    code = 18
    reads = TICKETS | TICKET_TIMES | REPLIES | LEFT | MESSAGES | HISTORY | CLOCK

    good: float = 4
    poor: float = 12
    window_days: Window = 60

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The average; dated by the last touch."""
        since = now - window(self.window_days)
        touched = [one for one in _touched(state) if one.at >= since]
        interactions = sum([one.interactions for one in touched])
        if interactions == 0:
            return None
        tickets = sum([one.tickets for one in touched])
        return self.rated(interactions / tickets, interactions, max([one.last_at for one in touched]))

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the ticket of the window that was touched first leaves it."""
        return next_to_leave(sorted([one.at for one in _touched(state)]), window(self.window_days), now)


def _touched(state: ContactState) -> Sequence[Touched]:
    listed = _listed(state.messages, own_tickets(state).heard)
    if not state.buckets:
        return listed
    beyond = [Touched(began(one), ended(one), one.tickets, one.replies) for one in state.buckets if one.tickets]
    return [*listed, *beyond]


@lru_cache(maxsize=2)
def _listed(messages: bytes, heard: tuple[tuple[int, int, int], ...]) -> tuple[Touched, ...]:
    written = times_of_tickets(messages)
    touched = [(max(heard_at, written.get(ticket, 0)), replies) for ticket, heard_at, replies in heard]
    return tuple([Touched(at, at, 1, replies) for at, replies in touched])
