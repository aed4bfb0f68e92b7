"""A seeded load that does not stop for faults: a simulated helpdesk as it really arrives, with poison in between."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from schemas.base import Event, SurveyKind, from_milliseconds
from schemas.catalogue import HEALTH_CONTROL, HEALTH_SIGNALS, INPUTS
from schemas.control import ContactErased
from schemas.decoding import encode
from schemas.messages import MessageCreated
from schemas.profiles import ContactUpdated
from schemas.signals import Signal, Tick
from schemas.surveys import SurveyAnswered
from schemas.tickets import TicketOpened, TicketSolved
from stream.sending import Sender
from stream.settings import Settings
from stream.simulate import deliver, simulate
from tests.chaos.seen import POISON

DAYS = 45
DAY_MS = 86_400_000
TROUBLE_EVERY, TROUBLE_LASTS = 250, 5
POISONED = (b"", b"{", b"\xff\xfe", b"null", b'{"type":"ticket.exploded"}', b'{"type":"survey.answered","value":"NaN"}')


def helpdesk(seed: int, events: int, contacts: int) -> list[Event]:
    """Six weeks of a helpdesk up to this morning: one event in twenty twice, some late, some out of order."""
    morning = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    happened = simulate(
        seed=seed, contacts=contacts, start=morning - timedelta(days=DAYS), days=DAYS - 1, events=events
    )
    arrivals = deliver(happened, seed=seed, duplicates=0.05, late=0.03, out_of_order=0.1)
    return [arrival.event for arrival in arrivals]


def with_troubles(events: list[Event]) -> list[Event]:
    """The events, and between them contacts for whom all goes well, then wrong, then well again, today: the helpdesk
    itself tells only of days that have passed, and what comes so late raises no alert before the next recompute. In the
    end some are erased.
    """
    now = time.time_ns() // 1_000_000
    mixed: list[Event] = []
    for number, start in enumerate(range(0, len(events), TROUBLE_EVERY)):
        mixed += events[start : start + TROUBLE_EVERY]
        for rank, part in enumerate((_before, _trouble, _after, _end)):
            one = number - rank * TROUBLE_LASTS
            if one >= 0 and (part is not _end or one % 4 == 0):
                mixed += part(f"troubled-{one:04}", now)
    return mixed


def _before(contact: str, now: int) -> Iterator[Event]:
    """A month ago: the highest answer, and four small tickets."""
    yield _answer(contact, now - 35 * DAY_MS, "nps", 10)
    for number in range(4):
        name = f"{contact}-{number}"
        opened, solved = (_about(f"{name}-{day}", contact, now - day * DAY_MS) for day in (30 + number, 29))
        yield TicketOpened(**opened, ticket=name, severity="low")
        yield TicketSolved(**solved, ticket=name)


def _trouble(contact: str, now: int) -> Iterator[Event]:
    """Three urgent tickets, the lowest answers and bitter words."""
    for number in range(4, 7):
        name = f"{contact}-{number}"
        yield TicketOpened(**_about(name, contact, now), ticket=name, severity="urgent")
    yield _answer(contact, now, "nps", 0)
    yield _answer(contact, now, "csat", 0)
    name = f"{contact}-words"
    text = "This is awful, terrible, horrible."
    yield MessageCreated(**_about(name, contact, now), message=name, author="customer", text=text)


def _after(contact: str, now: int) -> Iterator[Event]:
    """The highest answers once more."""
    yield _answer(contact, now + 1, "nps", 10)
    yield _answer(contact, now + 1, "csat", 10)


def _end(contact: str, now: int) -> Iterator[Event]:
    """An erasure, and the profile that was there before it comes once more."""
    profile = ContactUpdated(**_about(f"{contact}-profile", contact, now), name="Somebody")
    yield profile
    yield ContactErased(**_about(f"{contact}-erased", contact, now + 2))
    yield profile


def _answer(contact: str, at: int, kind: SurveyKind, value: float) -> SurveyAnswered:
    about = _about(f"{contact}-{kind}-{at}", contact, at)
    return SurveyAnswered(**about, kind=kind, value=value, scale_min=0, scale_max=10)


def _about(name: str, contact: str, at: int) -> dict[str, Any]:
    return {"event_id": name, "occurred_at": from_milliseconds(at), "contact": contact}


class Load:
    """Sends events at a rate, in a thread of its own; `sent` is what is confirmed once it is joined."""

    def __init__(self, settings: Settings, events: list[Event], per_second: float, seed: int) -> None:
        self.sent: list[Event] = []
        self.poisoned = 0
        self.days = 0
        self._events = events
        self._per_second = per_second
        self._rng = Random(seed)
        self._settings = settings
        self._again = threading.Event()
        self._hurry = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="load", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether there is still something to send."""
        return self._thread.is_alive()

    def join(self, timeout: float) -> None:
        """Send the rest at once and wait until all is confirmed."""
        self._hurry.set()
        self._thread.join(timeout)
        if self._error is not None:
            raise self._error
        if self._thread.is_alive():
            raise TimeoutError(f"the load was not sent within {timeout:g} s")

    def stop(self, timeout: float = 120.0) -> None:
        """Send nothing more and wait until what was sent is confirmed."""
        self._events = []
        self.join(timeout)

    def repeat(self) -> None:
        """The producer sends its latest events again, as one does that was killed before it noted its position."""
        self._again.set()

    def tick(self, partitions: int) -> None:
        """A day passes: its recompute is written to the log, a day further ahead each time."""
        self.days += 1
        now = time.time_ns() // 1_000_000 + self.days * DAY_MS
        entry = encode(Signal(at=now, fact=Tick(day=datetime.fromtimestamp(now / 1000, UTC).date())))
        with Sender(self._settings) as sender:
            for partition in range(partitions):
                sender.send(HEALTH_SIGNALS, entry, None, partition=partition)

    def _work(self) -> None:
        try:
            with Sender(self._settings) as sender:
                for event in self._arriving():
                    sender.send_event(event)
                    self.sent.append(event)
                    if self._rng.random() < 0.01:
                        self._poison(sender)
        except BaseException as error:  # noqa: BLE001  raised by `join`
            self._error = error

    def _arriving(self) -> Iterator[Event]:
        number = 0
        while number < len(self._events):
            yield self._events[number]
            number += 1
            if self._again.is_set():
                self._again.clear()
                number = max(0, number - 200)
            if number % 50 == 0 and not self._hurry.is_set():
                time.sleep(50 / self._per_second)

    def _poison(self, sender: Sender) -> None:
        topic = self._rng.choice(INPUTS).name
        value, key = self._rng.choice(POISONED), self._rng.choice((None, b"default/c000001", b"\0\xff"))
        sender.send(topic, value, key, [(POISON, b"1")], partition=0 if topic == HEALTH_CONTROL else -1)
        self.poisoned += 1
