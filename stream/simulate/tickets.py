"""The story of a ticket: opened, answered, perhaps moved, solved, judged, perhaps reopened, closed."""

from schemas.base import Severity, from_milliseconds
from schemas.control import SentimentCorrected
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketReplied, TicketSolved, TicketUpdated
from stream.simulate.desk import Desk, Story, Thread
from stream.simulate.feedback import after_solving
from stream.simulate.rhythm import DAY, HOUR, MINUTE, SECOND, when_the_desk_is_open

_SEVERITIES: tuple[Severity, ...] = ("low", "normal", "normal", "normal", "normal", "high", "high", "urgent")
_CHANNELS = ("email", "email", "email", "web", "phone")
_LABELS = ("negative", "neutral", "positive")


def ticket(desk: Desk, contact: int, at: int) -> Story:
    """A ticket of `contact` from `at` on. Fast answers please; slow ones and reopened tickets annoy."""
    return _Ticket(desk, contact, at).story()


class _Ticket:
    def __init__(self, desk: Desk, contact: int, at: int) -> None:
        self._desk = desk
        self._contact = contact
        self._at = self._opened_at = at
        self._first_responded_at: int | None = None
        self._name = f"t{desk.number()}"
        self._severity = desk.pick(_SEVERITIES)
        self._thread = Thread(
            contact=contact,
            channel=desk.pick(_CHANNELS),
            topic=desk.texts.topic(),
            conversation=self._name if desk.chance(0.5) else None,
            ticket=self._name,
        )

    def story(self) -> Story:
        yield from self._opened()
        turns = 1 + int(self._desk.rng.expovariate(0.9))
        for turn in range(turns):
            yield from self._answered()
            if turn + 1 < turns:
                yield from self._written_back()
        if self._desk.chance(0.05):
            yield from self._weighed_anew()
        if self._desk.chance(0.012):
            yield from self._moved()
        if not self._desk.chance(0.03):  # else it is forgotten, and open for ever
            yield from self._solved()

    def _opened(self) -> Story:
        desk, contact, thread = self._desk, self._contact, self._thread
        opened_by = "customer" if desk.chance(0.93) else "agent"
        yield from desk.introduce(contact, self._at)
        yield desk.event(
            TicketOpened,
            contact,
            self._at,
            ticket=self._name,
            severity=self._severity,
            opened_by=opened_by,
            channel=thread.channel,
        )
        desk.people.feel(contact, -0.06 if self._severity in ("low", "normal") else -0.15)
        self._at += 1
        yield desk.message(thread, self._at, "customer")
        if desk.chance(0.1):
            self._at += 2 * SECOND
            yield desk.message(thread, self._at, "bot")

    def _answered(self) -> Story:
        desk = self._desk
        waited = desk.delay(12 * MINUTE if self._severity == "urgent" else 50 * MINUTE, 1.1)
        at = self._at = when_the_desk_is_open(self._at + waited)
        self._first_responded_at = self._first_responded_at or at
        _, reply = answer = desk.message(self._thread, at, "agent")
        yield answer
        yield desk.event(TicketReplied, self._contact, at, ticket=self._name, author="agent", message=reply.message)
        desk.people.feel(self._contact, 0.05 if waited < 2 * HOUR else -0.12 if waited > 8 * HOUR else 0.0)

    def _written_back(self) -> Story:
        desk, contact = self._desk, self._contact
        if desk.chance(0.2):
            self._at += SECOND
            yield desk.event(TicketUpdated, contact, self._at, ticket=self._name, status="pending")
        self._at += desk.delay(3 * HOUR, 1.2)
        _, written = message = desk.message(self._thread, self._at, "customer")
        yield message
        if desk.chance(0.02):
            self._at += desk.delay(20 * MINUTE)
            label = desk.pick(_LABELS)
            yield desk.event(
                SentimentCorrected, contact, self._at, message=written.message, label=label, author="agent7"
            )

    def _weighed_anew(self) -> Story:
        self._severity = self._desk.pick(_SEVERITIES)
        self._at += self._desk.delay(30 * MINUTE)
        yield self._desk.event(TicketUpdated, self._contact, self._at, ticket=self._name, severity=self._severity)

    def _moved(self) -> Story:
        desk, before = self._desk, self._contact
        owner = desk.people.colleague(before)
        self._at += desk.delay(HOUR)
        if owner == before:
            return
        yield from desk.introduce(owner, self._at)
        yield desk.event(
            TicketUpdated,
            owner,
            self._at,
            ticket=self._name,
            severity=self._severity,
            status="open",
            previous_contact=desk.people.name(before),
            opened_at=from_milliseconds(self._opened_at),
            first_responded_at=from_milliseconds(self._first_responded_at) if self._first_responded_at else None,
        )
        self._contact = owner
        self._thread = self._thread._replace(contact=owner)

    def _solved(self) -> Story:
        desk, contact = self._desk, self._contact
        while True:
            self._at = when_the_desk_is_open(self._at + desk.delay(6 * HOUR, 1.3))
            yield desk.event(TicketSolved, contact, self._at, ticket=self._name)
            desk.people.feel(contact, 0.1)
            yield from after_solving(desk, contact, self._at, self._name)
            if not desk.chance(0.07):
                break
            yield from self._reopened()
        self._at += 2 * DAY + desk.delay(3 * DAY, 0.5)
        yield desk.event(TicketClosed, contact, self._at, ticket=self._name)

    def _reopened(self) -> Story:
        desk, contact = self._desk, self._contact
        self._at += 7 * HOUR + desk.delay(12 * HOUR)
        by = "customer" if desk.chance(0.8) else "agent"
        desk.people.feel(contact, -0.45)
        yield desk.event(TicketReopened, contact, self._at, ticket=self._name, reopened_by=by)
        self._at += 1
        yield desk.message(self._thread, self._at, "customer")
