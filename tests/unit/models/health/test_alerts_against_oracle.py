"""Alerts of simulated logs with a clock, tones, imports and models of all sorts: those that the oracle says."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zlib import crc32

import msgspec
import pytest

from models.health.alerts.registry import ALERTS
from schemas.base import SentimentLabel, Tone
from schemas.control import ModelPublished
from schemas.messages import MessageClassified, MessageCreated
from schemas.signals import Clock
from stream.simulate import deliver, simulate
from tests.oracle.agreeing import disagreements
from tests.oracle.log import Entry, log_of, run_oracle

MINUTE = 60_000
TENANTS = ("acme", "umbrella")
LABELS: tuple[SentimentLabel | None, ...] = ("negative", "negative", "neutral", "positive", None)
TONES: tuple[tuple[Tone, ...], ...] = ((), ("frustrated",), ("sad", "confused"), ("confused",))

BLOCKS: tuple[dict[str, dict[str, Any]], ...] = (
    {},
    {
        name: {field: 0 for field in ("dwell_minutes", "cooldown_hours") if field not in kind.idle}
        for name, kind in ALERTS.items()
    },
    {
        "contact_health_declined": {"at": 50, "rearm_at": 51, "strict": True, "cooldown_hours": 72},
        "steep_drop": {"points": 8, "rearm_points": 7, "days": 3, "dwell_minutes": 600},
        "ticket_volume_rising": {"ratio": 1.2, "rearm_ratio": 1.1, "min_recent": 1, "min_history": 1},
        "severity_rising": {"levels": 0.5, "rearm_levels": 0.25, "min_tickets": 1, "dwell_minutes": 90},
        "no_recovery": {"days": 3, "solved": 1},
        "tone": {"upset": 1, "messages": 2, "cooldown_hours": 200},
    },
    {
        "contact_health_declined": {"at": 40, "rearm_at": 60, "dwell_minutes": 4_000, "on_model_change": True},
        "contact_health_recovered": {"enabled": False},
        "steep_drop": {"points": 20, "rearm_points": 1, "on_model_change": True, "cooldown_hours": 0},
        "ticket_volume_rising": {"enabled": False},
        "severity_rising": {"cooldown_hours": 1},
        "no_recovery": {"days": 1, "solved": 0, "cooldown_hours": 400},
        "tone": {"upset": 3, "messages": 5, "dwell_minutes": 30},
    },
)  # fmt: skip


def label(message: MessageCreated) -> SentimentLabel | None:
    """A label by the message's id, so that the same message always reads the same."""
    return LABELS[crc32(message.message.encode()) % len(LABELS)] if message.author == "customer" else None


def a_log(seed: int, *, contacts: int = 30, events: int = 2_000, days: int = 70) -> list[Entry]:
    """A disorderly log of a simulated helpdesk, its first days imported."""
    happened = simulate(seed=seed, contacts=contacts, days=days, events=events, tenants=TENANTS, models_every_days=4)
    arrivals = list(deliver(happened, seed=seed, duplicates=0.1, late=0.05, out_of_order=0.1))
    log = list(log_of(arrivals, label, until=arrivals[-1].at + timedelta(days=40)))
    rng = Random(seed)
    return list(with_clocks(rng, [dressed(rng, one, number) for number, one in enumerate(log)]))


def dressed(rng: Random, entry: Entry, number: int) -> Entry:
    """An entry with the tones of a message, the alerts of a model; at first imported, later now and then."""
    fact = entry.fact
    if isinstance(fact, MessageClassified) and fact.label is not None:
        fact = msgspec.structs.replace(fact, tones=TONES[crc32(fact.message.encode()) % len(TONES)])
    if isinstance(fact, ModelPublished):
        alerts = BLOCKS[crc32(fact.version.encode()) % len(BLOCKS)]
        document = msgspec.json.decode(fact.model) | {"alerts": alerts}
        fact = msgspec.structs.replace(fact, model=msgspec.Raw(msgspec.json.encode(document)))
    imported = number < 400 or (entry.subject is not None and rng.random() < 0.05)
    mode = "import" if imported else "live"
    return entry._replace(fact=fact, mode=mode, alerts=imported and rng.random() < 0.2)


def with_clocks(rng: Random, log: list[Entry]) -> Iterator[Entry]:
    """The log with a clock in the minute after an entry, and one some minutes later, where the next one leaves room."""
    for entry, after in pairwise(log):
        yield entry
        for minutes in (1, rng.randint(2, 90)):
            at = (entry.at // MINUTE + minutes) * MINUTE
            if at <= after.at:
                yield Entry(at, None, Clock())
    yield log[-1]


@pytest.mark.parametrize("seed", [0, 1, 8, 29])
def test_every_alert_of_a_disorderly_log_is_what_the_oracle_says(seed: int) -> None:
    assert disagreements(a_log(seed)) == []


def test_these_logs_have_alerts_of_all_sorts_in_them() -> None:
    alerts = [alert for contact in run_oracle(a_log(29)).values() for alert in contact.alerts.told]
    assert {alert.kind for alert in alerts} == ALERTS.keys()
    assert {alert.late for alert in alerts} == {alert.first_time for alert in alerts} == {False, True}
    assert max(alert.suppressed_count for alert in alerts) > 1
    assert len({alert.event_id for alert in alerts}) == len(alerts)
