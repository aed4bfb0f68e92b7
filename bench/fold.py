"""How long the scoring core takes for one signal, and how large rows are: `python -m bench.fold [--contacts N]
[--days N]`.

Times are CPU time, the best of a hundred short runs, on a typical row: 12 messages, 3 tickets, 3 answers, 8 closes.
Sizes are those of the rows of a simulated helpdesk at the end of its days.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

import msgspec

from models.health.daily import audit, tick
from models.health.fold import PartitionFold, Subject
from models.health.model import DEFAULT_MODEL
from models.health.react import react
from models.health.state import ContactState, decode, encode
from schemas.base import Event, SentimentLabel, from_milliseconds, to_milliseconds
from schemas.messages import MessageClassified, MessageCreated
from schemas.profiles import ContactUpdated
from schemas.signals import ContactFact, Signal, Tick
from schemas.surveys import SurveyAnswered
from schemas.tickets import TicketOpened, TicketReplied, TicketSolved
from stream.simulate import simulate

DAY = 86_400_000
START = 1_790_000_000_000
LABELS: tuple[SentimentLabel, ...] = ("negative", "neutral", "positive")


WHOSE = Subject("acme", "contact-104711")


class Common(NamedTuple):
    """The fields that all facts have."""

    event_id: str
    occurred_at: int

    def of(self) -> dict[str, object]:
        return {"event_id": self.event_id, "occurred_at": from_milliseconds(self.occurred_at), **WHOSE._asdict()}


def message(number: int, at: int) -> MessageClassified:
    """Every second one is the customer's, three make a conversation."""
    customer = number % 2 == 0
    fields = {
        **Common(f"message-{number:08d}", at).of(),
        "message": f"m-{number:08d}",
        "author": "customer" if customer else "agent",
        "conversation": f"conversation-{number // 3}",
        "ticket": f"ticket-{number // 5}",
        "label": LABELS[number // 2 % 3] if customer else None,
        "confidence": 0.93 if customer else None,
    }
    return msgspec.convert({"type": "message.classified", **fields}, MessageClassified)


def opened(number: int, at: int) -> TicketOpened:
    return msgspec.convert({**Common(f"opened-{number}", at).of(), "ticket": f"ticket-{number}"}, TicketOpened)


def replied(number: int, at: int) -> TicketReplied:
    fields = {**Common(f"replied-{number}", at).of(), "ticket": f"ticket-{number}", "author": "agent"}
    return msgspec.convert(fields, TicketReplied)


def solved(number: int, at: int) -> TicketSolved:
    return msgspec.convert({**Common(f"solved-{number}", at).of(), "ticket": f"ticket-{number}"}, TicketSolved)


def answer(number: int, at: int) -> SurveyAnswered:
    kind = ("nps", "csat", "ces")[number % 3]
    fields = {**Common(f"answer-{number}", at).of(), "kind": kind, "value": 4 + number, "scale_min": 0, "scale_max": 10}
    return msgspec.convert(fields, SurveyAnswered)


def facts_of_two_months() -> Iterator[tuple[int, ContactFact]]:
    """What a typical contact does."""
    profile = {**Common("profile-1", START).of(), "account": "account-77", "customer_since": from_milliseconds(START)}
    yield START, msgspec.convert(profile, ContactUpdated)
    for n in range(3):
        at = START + n * 20 * DAY + 1
        yield at, opened(n, at)
        yield at + 3_600_000, replied(n, at + 3_600_000)
        yield at + 7_200_000, solved(n, at + 7_200_000)
        yield at + DAY, answer(n, at + DAY)
    for n in range(12):
        at = START + n * 4 * DAY + 9
        yield at, message(n, at)


def typical_row() -> ContactState:
    """A row after two months of ordinary support, with a tick each day."""
    state, day = ContactState(offset=123_456_789), START // DAY
    for at, fact in sorted(facts_of_two_months(), key=lambda pair: pair[0]):
        while (day + 1) * DAY + DAY // 6 <= at:
            day += 1
            tick(state, WHOSE, day + 719_163, day * DAY + DAY // 6, DEFAULT_MODEL, "live")
        state, _ = react(state, WHOSE, Signal(at=at, fact=fact), max(at, state.now), DEFAULT_MODEL)
    return state


def microseconds(step: Callable[[], object]) -> float:
    """CPU time of a call, undisturbed."""
    runs = []
    for _ in range(100):
        begin = time.thread_time_ns()
        for _ in range(200):
            step()
        runs.append((time.thread_time_ns() - begin) / 200_000)
    return min(runs)


def time_signals(row: ContactState) -> None:
    """The way of a signal through the core: stored row in; stored row and the JSON of its score out."""
    data, now, to_json = encode(row), row.now + DAY, msgspec.json.Encoder().encode
    facts: dict[str, ContactFact] = {
        "customer message": message(14, now),
        "agent message": message(15, now),
        "ticket opened": opened(9, now),
        "ticket solved": solved(2, now),
        "answer": answer(4, now),
        "repeated message": message(10, START + 40 * DAY + 9),
    }
    for name, fact in facts.items():
        signal = Signal(at=now, fact=fact)

        def step(signal: Signal = signal) -> bool:
            state, reaction = react(decode(data), WHOSE, signal, now, DEFAULT_MODEL)
            encode(state)
            return reaction.score is not None and to_json(reaction.score) is not None

        print(f"{name:<20}{microseconds(step):8.2f} µs{'' if step() else '   (no score goes out)'}")


def time_parts(row: ContactState) -> None:
    """What every signal, and every row of a sweep, needs."""
    data, now = encode(row), row.now
    day = from_milliseconds(now).toordinal()
    print(f"{'decode':<20}{microseconds(lambda: decode(data)):8.2f} µs")
    print(f"{'encode':<20}{microseconds(lambda: encode(row)):8.2f} µs")
    print(f"{'audit':<20}{microseconds(lambda: audit(row, DEFAULT_MODEL)):8.2f} µs")
    quiet = microseconds(lambda: tick(decode(data), WHOSE, day, now, DEFAULT_MODEL, "live"))
    print(f"{'decode + quiet tick':<20}{quiet:8.2f} µs")


def simulated_rows(contacts: int, days: int) -> list[ContactState]:
    """The rows of a simulated helpdesk, with a tick each day; what a classifier would say is taken from the texts."""
    fold, rows = PartitionFold(), dict[Subject, ContactState]()
    events = simulate(contacts=contacts, days=days)
    tick_at = from_milliseconds(0)
    for offset, event in enumerate(events):
        at = to_milliseconds(event.occurred_at)
        if tick_at <= event.occurred_at:
            fold.enter(2 * offset, Signal(at=at, fact=Tick(day=event.occurred_at.date())))
            _sweep(fold, rows)
            tick_at = event.occurred_at.replace(hour=4, minute=0, second=0, microsecond=0) + timedelta(days=1)
        for subject, fact in _facts(event):
            row, _ = fold.signal(2 * offset + 1, subject, rows.get(subject), Signal(at=at, fact=fact))
            rows[subject] = row if row is not None else rows[subject]
    return list(rows.values())


def _sweep(fold: PartitionFold, rows: dict[Subject, ContactState]) -> None:
    while fold.sweep_due():
        for subject, row in rows.items():
            fold.sweep_row(subject, row)
        fold.sweep_done()


def _facts(event: Event) -> Iterator[tuple[Subject, ContactFact]]:
    contact = getattr(event, "contact", None)
    if contact is None:
        return
    subject = Subject(event.tenant, contact)
    if isinstance(event, MessageCreated):
        fields = msgspec.to_builtins(event) | {"type": "message.classified"}
        if event.author == "customer":
            fields |= {"label": LABELS[len(event.text) % 3], "confidence": 0.9}
        yield subject, msgspec.convert(fields, MessageClassified)
    else:
        yield subject, event  # type: ignore[misc]  # the simulator's other events of a contact are facts as they are


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=60)
    arguments = parser.parse_args()
    row = typical_row()
    print(f"typical row: {len(encode(row))} bytes")
    time_parts(row)
    time_signals(row)
    sizes = sorted(len(encode(row)) for row in simulated_rows(arguments.contacts, arguments.days))
    share = {f"p{percent}": sizes[len(sizes) * percent // 100] for percent in (50, 90, 99)}
    print(f"{len(sizes)} rows after {arguments.days} days: {share}, largest {sizes[-1]} bytes")


if __name__ == "__main__":
    main()
