"""What `health.control` decides: equal for every reader, whenever it reads."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.base import Event, to_milliseconds
from schemas.catalogue import HEALTH_CONTROL
from schemas.control import (
    ContactErased,
    ContactMerged,
    HistoryFinished,
    HistoryStarted,
    OverrideCleared,
    TenantRegistered,
)
from schemas.decoding import DecodeFailure, decode_event, encode
from stream.decisions import CIRCLE_CLOSED, Decisions

NOW = datetime(2026, 3, 1, tzinfo=UTC)
STAMP = to_milliseconds(NOW)
FAR = datetime(2500, 1, 1, tzinfo=UTC)
BASE: dict[str, Any] = {"event_id": "e", "occurred_at": NOW}


def take(decisions: Decisions, event: Event, stamp: int = STAMP) -> str | None:
    """Why it is refused."""
    taken = decisions.take(encode(event), stamp)
    return taken.reason if isinstance(taken, DecodeFailure) else None


def test_a_tenant_of_the_year_2500_is_refused_and_not_accepted_afterwards() -> None:
    decisions = Decisions({"default"})
    assert take(decisions, TenantRegistered(event_id="e", occurred_at=FAR, tenant="acme")) == "time_out_of_range"
    assert decisions.tenants == {"default"}
    assert take(decisions, TenantRegistered(**BASE, tenant="acme")) is None
    assert decisions.tenants == {"default", "acme"}


def test_a_history_that_is_refused_stops_no_clock_and_one_that_is_refused_to_end_goes_on() -> None:
    decisions = Decisions({"default"})
    assert take(decisions, HistoryStarted(event_id="e", occurred_at=FAR)) == "time_out_of_range"
    assert not decisions.history_open
    assert take(decisions, HistoryStarted(**BASE)) is None
    assert take(decisions, HistoryFinished(event_id="e", occurred_at=FAR)) == "time_out_of_range"
    assert decisions.history_open
    assert take(decisions, HistoryFinished(**BASE)) is None
    assert not decisions.history_open


def test_a_history_is_of_the_whole_installation_whatever_its_tenants_are_called() -> None:
    decisions = Decisions({"acme"})
    assert take(decisions, HistoryStarted(**BASE)) is None
    assert decisions.history_open
    for kind in (HistoryStarted, HistoryFinished):
        event = encode(kind(**BASE))
        assert isinstance(decode_event(HEALTH_CONTROL, event, now_ms=STAMP, tenants={"acme"}), kind)


def test_a_merge_that_is_refused_stands_in_the_way_of_none() -> None:
    there = ContactMerged(**BASE, contact="a", into="b")
    back = ContactMerged(**BASE, contact="b", into="a")
    decisions = Decisions({"default"})
    ahead = ContactMerged(event_id="e", occurred_at=FAR, contact="a", into="b")
    assert take(decisions, ahead) == "time_out_of_range"
    assert take(decisions, ContactMerged(**BASE, tenant="acme", contact="a", into="b")) == "unknown_tenant"
    assert take(decisions, TenantRegistered(**BASE, tenant="acme")) is None
    assert take(decisions, ContactMerged(**BASE, tenant="acme", contact="b", into="a")) is None
    assert take(decisions, back) is None
    assert decisions.take(encode(there), STAMP) == CIRCLE_CLOSED


def test_an_erasure_that_is_refused_ends_no_alias() -> None:
    decisions = Decisions({"default"})
    assert take(decisions, ContactMerged(**BASE, contact="a", into="b")) is None
    assert take(decisions, ContactErased(event_id="e", occurred_at=FAR, contact="a")) == "time_out_of_range"
    assert decisions.take(encode(ContactMerged(**BASE, contact="b", into="a")), STAMP) == CIRCLE_CLOSED


def test_a_tenant_is_known_from_its_registration_on_and_not_before() -> None:
    cleared = OverrideCleared(**BASE, tenant="acme", contact="c", author="ann")
    decisions = Decisions({"default"})
    found = [take(decisions, one) for one in (cleared, TenantRegistered(**BASE, tenant="acme"), cleared)]
    assert found == ["unknown_tenant", None, None]


def test_time_is_that_of_the_record_and_no_readers() -> None:
    ahead = TenantRegistered(event_id="e", occurred_at=NOW + timedelta(days=2), tenant="acme")
    for stamp, reason in ((STAMP, "time_out_of_range"), (STAMP + 86_400_000, None)):
        decisions = Decisions(())
        assert take(decisions, ahead, stamp) == reason
        assert ("acme" in decisions.tenants) == (reason is None)


def test_what_cannot_be_read_decides_nothing() -> None:
    decisions = Decisions({"default"})
    for value in (None, b"", b"{}", b'{"type":"history.started"}'):
        assert isinstance(decisions.take(value, STAMP), DecodeFailure)
    assert (decisions.tenants, decisions.history_open) == ({"default"}, False)
