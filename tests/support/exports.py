"""Small exports of a helpdesk as `examples/mappings` reads them, with what makes the real ones hard: tied times,
tickets that change hands and open again, messages that are there twice.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
PACIFIC = ZoneInfo("America/Los_Angeles")
TICKET_COLUMNS = (
    "Case ID", "Activity", "Resource", "Complete Timestamp", "Variant", "Variant index", "Variant", "seriousness",
    "customer", "product", "responsible_section", "seriousness_2", "service_level", "service_type", "support_section",
    "workgroup",
)  # fmt: skip
MESSAGE_COLUMNS = ("message_id", "airline", "customer", "text", "created_at")
STEPS = (
    "Take in charge ticket", "Wait", "Require upgrade", "Create SW anomaly", "Resolve SW anomaly", "VERIFIED",
    "Schedule intervention", "INVALID", "DUPLICATE", "RESOLVED", "Resolve ticket", "Closed",
)  # fmt: skip
AIRLINES = ("American", "Delta", "Southwest", "United", "US Airways", "Virgin America")
TEXTS = (
    "@airline thank you so much, the crew was wonderful and very kind!",
    "@airline this is the worst flight I have ever had. Terrible, terrible service.",
    "@airline gate 12",
    "@airline my bag is lost again, \"sorry\" does not help; I am very angry",
    "@airline ¿cuándo sale el vuelo de mañana? no encuentro ninguna información",
    "@airline",
    "@airline it was fine, I guess, <b>but</b> late",
)  # fmt: skip


def write_helpdesk(path: Path, tickets: int = 120, customers: int = 25) -> None:
    """A log of tickets from January 2010 to December 2013, one row per step."""
    rng = Random(7)
    _write(path, TICKET_COLUMNS, (row for n in range(tickets) for row in _ticket(rng, n, customers)))


def _ticket(rng: Random, number: int, customers: int) -> Iterator[tuple[str, ...]]:
    at = datetime(2010, 1, 4, 8, tzinfo=UTC) + timedelta(minutes=rng.randrange(1_440 * 365 * 4 - 60 * 1_440))
    customer = rng.randrange(customers)
    severity = f"Value {rng.choice((1, 1, 1, 2, 3, 4))}"
    first = rng.choice(("Insert ticket", "Assign seriousness", "Take in charge ticket"))
    for activity in (first, *rng.choices(STEPS, weights=(3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 4, 3), k=rng.randrange(1, 6))):
        yield (
            f"Case {number}", activity, "Value 1", f"{at.astimezone(ROME):%Y/%m/%d %H:%M:%S}.000", f"Variant {number}",
            str(number), f"Variant {number}", "Value 1", f"Value {customer}", *("Value 1",) * 2, severity,
            *("Value 1",) * 4,
        )  # fmt: skip
        at += timedelta(seconds=rng.choice((0, 30, 3_600, 86_400, 5 * 86_400)))
        customer = rng.randrange(customers) if rng.random() < 0.05 else customer


def write_airlines(path: Path, messages: int = 300, customers: int = 60) -> None:
    """Messages of November and December 2014, the latest first; one in twenty is there twice."""
    rng = Random(8)
    rows = []
    for number in range(messages):
        at = datetime(2014, 11, 3, tzinfo=UTC) + timedelta(seconds=rng.randrange(48 * 86_400))
        customer = rng.randrange(customers)
        about = f"{570_000 + number}", AIRLINES[customer % len(AIRLINES)], f"customer{customer}", rng.choice(TEXTS)
        rows += [(*about, f"{at.astimezone(PACIFIC):%Y-%m-%d %H:%M:%S %z}")] * (2 if rng.random() < 0.05 else 1)
    _write(path, MESSAGE_COLUMNS, sorted(rows, key=lambda row: row[-1], reverse=True))


def _write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
