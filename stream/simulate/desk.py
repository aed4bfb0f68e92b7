"""What the stories of a simulated helpdesk have in common: chance, people, texts, and numbers for ids."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from random import Random
from typing import Any, NamedTuple, TypeVar

from schemas.base import AuthorKind, ContactEvent, Event, from_milliseconds
from schemas.control import SubjectEvent
from schemas.messages import MessageCreated
from stream.simulate.people import People
from stream.simulate.texts import Texts

Happening = tuple[int, Event]
"""A time (UTC milliseconds) and the event of that time."""

Story = Iterator[Happening]
"""Happenings in the order of time; what comes next is only decided when the one before has happened."""

EventT = TypeVar("EventT", bound=ContactEvent | SubjectEvent)
T = TypeVar("T")


class Thread(NamedTuple):
    """Where messages are exchanged, and about what."""

    contact: int
    channel: str
    topic: str
    conversation: str | None = None
    ticket: str | None = None


class Desk:
    """The helpdesk that the stories play at."""

    def __init__(self, seed: int, contacts: int, tenants: Sequence[str], start: datetime) -> None:
        self.rng = Random(seed)
        self.people = People(self.rng, contacts, tenants, start)
        self.texts = Texts(self.rng)
        self._numbers = count(1)

    def number(self) -> int:
        """A number never used before: ids are made of it."""
        return next(self._numbers)

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return self.rng.random() < share

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[int(self.rng.random() * len(choices))]

    def delay(self, median: float, spread: float = 0.8) -> int:
        """A waiting time in milliseconds, log-normal around `median`."""
        return int(median * self.rng.lognormvariate(0.0, spread)) + 1

    def event(self, event_type: type[EventT], contact: int, at: int, **facts: Any) -> tuple[int, EventT]:
        """An event about a contact."""
        people = self.people
        return at, event_type(
            event_id=f"e{next(self._numbers)}",
            occurred_at=from_milliseconds(at),
            tenant=people.tenant(contact),
            contact=people.name(contact),
            **facts,
        )

    def message(self, thread: Thread, at: int, author: AuthorKind) -> tuple[int, MessageCreated]:
        """A message of either side, the customer's in the mood of the moment."""
        if author == "customer":
            text = self.texts.customer(self.people.mood(thread.contact), thread.topic)
        else:
            text = self.texts.agent(thread.topic) if author == "agent" else self.texts.bot(thread.topic)
        return self.event(
            MessageCreated,
            thread.contact,
            at,
            message=f"m{next(self._numbers)}",
            author=author,
            conversation=thread.conversation,
            ticket=thread.ticket,
            channel=thread.channel,
            text=text,
        )

    def introduce(self, contact: int, at: int) -> Story:
        """The profiles of a contact and its account, when they are first heard of."""
        first, first_of_account = self.people.meet(contact)
        if first_of_account:
            yield at, self.people.account_profile(f"e{self.number()}", contact, at)
        if first:
            yield at, self.people.profile(f"e{self.number()}", contact, at)
