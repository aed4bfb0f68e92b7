"""Logs folded by the model and by the oracle (`tests/oracle`), which shares no code with it: the same records."""

from datetime import timedelta
from zlib import crc32

import pytest

from schemas.base import SentimentLabel
from schemas.messages import MessageCreated
from stream.simulate import deliver, simulate
from tests.oracle.agreeing import disagreements
from tests.oracle.log import Entry, log_of, run_oracle

TENANTS = ("acme", "umbrella")
LABELS: tuple[SentimentLabel | None, ...] = ("negative", "neutral", "positive", "positive", None)


def label(message: MessageCreated) -> SentimentLabel | None:
    """A label by the message's id, so that the same message always reads the same."""
    return LABELS[crc32(message.message.encode()) % len(LABELS)] if message.author == "customer" else None


def a_log(seed: int, *, contacts: int, events: int, days: int = 60, disorder: float = 0.1) -> list[Entry]:
    """A simulated helpdesk's log: `disorder` is the share of events that are repeated, or out of order."""
    happened = simulate(seed=seed, contacts=contacts, days=days, events=events, tenants=TENANTS, models_every_days=8)
    arrivals = list(deliver(happened, seed=seed, duplicates=disorder, late=disorder / 3, out_of_order=disorder))
    return list(log_of(arrivals, label, until=arrivals[-1].at + timedelta(days=100)))


@pytest.mark.parametrize("seed", range(3))
def test_every_record_of_a_disorderly_log_is_what_the_oracle_says(seed: int) -> None:
    assert disagreements(a_log(seed, contacts=40, events=2_500)) == []


def test_so_is_that_of_contacts_with_more_facts_than_a_row_keeps() -> None:
    assert disagreements(a_log(1, contacts=2, events=2_000, days=80)) == []


def test_it_makes_no_difference_when_the_sweep_comes() -> None:
    log = a_log(5, contacts=20, events=1_200)
    assert disagreements(log, sweep_every=7) == []


def test_these_logs_have_segments_and_caps_in_them() -> None:
    said = [
        (one.said.segment, one.said.capped_by)
        for contact in run_oracle(a_log(1, contacts=40, events=2_500)).values()
        for one in contact.published
    ]
    segments, caps = map(set, zip(*said, strict=True))
    assert len(segments) > 2
    assert len(caps) > 2
