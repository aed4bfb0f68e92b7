from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.base import to_milliseconds
from schemas.catalogue import (
    HEALTH_ACCOUNT_SCORES,
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_ALERTS,
    HEALTH_PORTFOLIO_SCORES,
    HEALTH_PORTFOLIO_SIGNALS,
)
from schemas.decoding import decode_portfolio_signal, decode_record, encode
from schemas.profiles import AccountUpdated
from schemas.signals import (
    AccountContribution,
    AccountShare,
    AccountSignal,
    Clock,
    Contribution,
    MemberContribution,
    MembersForgotten,
    PortfolioSignal,
    Tick,
    TickDone,
)
from stream.dead_letters import Limit
from stream.due_rows import DUE_MARK, DueRow
from stream.errors import NewerStateRow
from stream.metrics import Metrics
from stream.rollup import ACCOUNTS_CODEC, PORTFOLIOS_CODEC, Accounts, Portfolios
from tests.unit.stream.fakes import FakePlane, Sent, run_of

NOON = to_milliseconds(datetime(2026, 3, 1, 12, tzinfo=UTC))
DAY = date(2026, 3, 2)
KEY = b"acme/a"
PARTITIONS = {HEALTH_ACCOUNT_SIGNALS: 2, HEALTH_PORTFOLIO_SIGNALS: 3}


class Stage:
    """A roll-up over fakes."""

    def __init__(self, kind: type[Accounts] | type[Portfolios], codec: Any) -> None:
        self.plane = FakePlane(codec)
        self.metrics = Metrics("accounts" if kind is Accounts else "portfolios")
        plane: Any = self.plane
        self.stage = kind(plane, Limit(1.0), self.metrics, PARTITIONS)
        self.offset = 0

    def fold(self, *entries: Any, key: bytes | None = KEY, offset: int | None = None) -> list[Sent]:
        values = [one if isinstance(one, bytes) else encode(one) for one in entries]
        first = self.offset if offset is None else offset
        self.offset = first + len(values)
        before = len(self.plane.sent)
        cycle: Any = self.plane.current
        self.stage.fold(run_of(self.stage.topic, *values, key=key, first_offset=first), cycle)
        return self.plane.sent[before:]

    def sweep(self) -> list[Sent]:
        before = len(self.plane.sent)
        cycle: Any = self.plane.current
        while self.stage.sweep_chunk(0, cycle):
            continue
        return self.plane.sent[before:]

    def recomputed(self) -> float | None:
        """What the metric says; None: it has no sample."""
        self.stage.report()
        name = "heartline_recompute_last_success_timestamp_seconds"
        return self.metrics.registry.get_sample_value(name, {"topic": self.stage.topic})


def accounts() -> Stage:
    return Stage(Accounts, ACCOUNTS_CODEC)


def member(score: int, gave: int | None = None, contact: str = "ada") -> AccountSignal:
    fact = MemberContribution(
        tenant="acme",
        account="a",
        contact=contact,
        seq=1,
        gives=Contribution(score=score, band="healthy", confidence="low"),
        gave=None if gave is None else Contribution(score=gave, band="healthy", confidence="low"),
    )
    return AccountSignal(at=NOON, fact=fact)


def done(partition: int) -> AccountSignal:
    return AccountSignal(at=NOON, fact=TickDone(day=DAY, partition=partition, partitions=2))


def test_a_members_score_becomes_the_accounts_and_goes_to_its_portfolios() -> None:
    stage = accounts()
    when = datetime(2026, 3, 1, tzinfo=UTC)
    told = AccountUpdated(event_id="e", occurred_at=when, tenant="acme", account="a", csm="u")
    stage.fold(AccountSignal(at=NOON, fact=told))
    score, *portfolios = stage.fold(member(70))
    assert (score.topic, score.key, score.partition) == (HEALTH_ACCOUNT_SCORES, KEY, 0)
    assert score.headers["ce_type"] == b"account-score.updated"
    record: Any = decode_record(HEALTH_ACCOUNT_SCORES, score.value)
    assert (record.score, record.members, record.moved_by) == (70, 1, "ada")
    assert {one.topic for one in portfolios} == {HEALTH_PORTFOLIO_SIGNALS}
    assert {one.key for one in portfolios} == {b"acme/csm/u", b"acme/organisation/9"}


def test_an_entry_that_is_read_twice_sends_nothing() -> None:
    stage = accounts()
    stage.fold(member(70), offset=5)
    assert stage.fold(member(70), offset=5) == []


def test_a_day_is_closed_when_all_partitions_of_contacts_are_done_with_it() -> None:
    stage = accounts()
    stage.fold(member(70))
    stage.fold(AccountSignal(at=NOON, fact=Tick(day=DAY)), key=None)
    stage.fold(done(0), key=None)
    assert stage.sweep() == []
    stage.fold(done(1), key=None)
    sent = stage.sweep()
    assert [one.topic for one in sent if one.key == KEY] == [HEALTH_ACCOUNT_SCORES]
    told: list[Any] = [decode_portfolio_signal(one.value) for one in sent if one.topic == HEALTH_PORTFOLIO_SIGNALS]
    assert [one.fact.closes for one in told if isinstance(one.fact, AccountContribution)] == [DAY]
    ends = [one for one in sent if one.topic == HEALTH_PORTFOLIO_SIGNALS and one.key is None]
    assert [one.partition for one in ends] == [0, 1, 2]
    assert stage.sweep() == []


@pytest.mark.parametrize("kind", ["accounts", "portfolios"])
def test_a_recompute_counts_when_the_day_is_closed_for_every_row(kind: str) -> None:
    stage, entry = (
        (accounts(), AccountSignal) if kind == "accounts" else (Stage(Portfolios, PORTFOLIOS_CODEC), PortfolioSignal)
    )
    before: float | None = None
    for day in (2, 3):
        stage.sweep()
        assert stage.recomputed() == before
        at = datetime(2026, 3, day, 4, tzinfo=UTC)
        for partition in (0, 1):
            fact = TickDone(day=at.date(), partition=partition, partitions=2)
            stage.fold(entry(at=to_milliseconds(at), fact=fact), key=None)
            cycle: Any = stage.plane.current
            stage.stage.sweep_chunk(0, cycle)
            assert stage.recomputed() == (before or 0)
        before = at.timestamp()
    stage.sweep()
    assert stage.recomputed() == before


def test_an_accounts_alert_falls_due_by_the_clock_and_lies_under_the_accounts_own_key() -> None:
    stage = accounts()
    when = datetime(2026, 3, 1, tzinfo=UTC)
    stage.fold(
        AccountSignal(
            at=NOON, fact=AccountUpdated(event_id="e", occurred_at=when, tenant="acme", account="a", seats=500)
        )
    )
    stage.fold(member(20))
    stage.fold(AccountSignal(at=NOON + 60_000, fact=Clock()), key=None)
    assert stage.sweep() == []
    stage.fold(AccountSignal(at=NOON + 601_000, fact=Clock()), key=None)
    (sent,) = stage.sweep()
    assert (sent.topic, sent.key, sent.partition) == (HEALTH_ALERTS, b"acme/account/a", None)
    record: Any = decode_record(HEALTH_ALERTS, sent.value)
    assert (record.kind, record.account, record.seats) == ("account_health_declined", "a", 500)
    assert stage.sweep() == []
    assert stage.plane.current is not None
    stage.plane.current.commit()
    count = stage.metrics.registry.get_sample_value("heartline_alerts_total", {"kind": "account_health_declined"})
    assert count == 1


def test_what_is_due_is_taken_up_where_the_worker_before_left_it() -> None:
    stage = accounts()
    stage.fold(member(20))
    stored = dict(stage.plane.states[0].stored)
    assert any(value == DUE_MARK for value in stored.values())
    assert all(isinstance(ACCOUNTS_CODEC.decode(value), DueRow) for value in stored.values() if value == DUE_MARK)
    stage.fold(member(70, 20))
    assert DUE_MARK not in stage.plane.states[0].stored.values()


def test_what_cannot_be_read_is_put_aside() -> None:
    stage = accounts()
    sent = [
        *stage.fold(b"{}"),
        *stage.fold(member(70), key=None),
        *stage.fold(done(0), key=KEY),
        *stage.fold(member(70), key=b"no tenant"),
    ]
    assert {one.topic for one in sent} == {HEALTH_ACCOUNT_SIGNALS + "-dlq"}
    assert len(sent) == 4


def test_a_number_that_no_row_can_hold_is_put_aside_and_the_next_entry_folded() -> None:
    stage = accounts()
    profile = AccountUpdated(event_id="e", occurred_at=datetime(2026, 3, 1, tzinfo=UTC), account="a", seats=7)
    entry = encode(AccountSignal(at=NOON, fact=profile))
    sent = stage.fold(entry.replace(b'"seats":7', b'"seats":18446744073709551616'), entry)
    assert [one.topic for one in sent][:2] == [HEALTH_ACCOUNT_SIGNALS + "-dlq", HEALTH_ACCOUNT_SCORES]


@pytest.mark.parametrize(
    "wrong",
    [
        (b'"occurred_at":"2026', b'"occurred_at":"0001'),
        (b'"renewal_at":"2027', b'"renewal_at":"9999'),
        (b'"customer_since":"1999', b'"customer_since":"1899'),
        (b'"at":%d' % NOON, b'"at":253402300800000'),
    ],
)
def test_an_entry_of_an_impossible_time_is_put_aside(wrong: tuple[bytes, bytes]) -> None:
    stage = accounts()
    profile = AccountUpdated(
        event_id="e",
        occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
        account="a",
        renewal_at=datetime(2027, 1, 1, tzinfo=UTC),
        customer_since=datetime(1999, 1, 1, tzinfo=UTC),
    )
    entry = encode(AccountSignal(at=NOON, fact=profile))
    assert wrong[0] in entry
    sent = stage.fold(entry.replace(*wrong), entry)
    assert [one.topic for one in sent][:2] == [HEALTH_ACCOUNT_SIGNALS + "-dlq", HEALTH_ACCOUNT_SCORES]


@pytest.mark.parametrize("stage", [accounts(), Stage(Portfolios, PORTFOLIOS_CODEC)], ids=["accounts", "portfolios"])
def test_a_look_at_nothing_leaves_nothing_in_a_cycle_that_is_never_committed(stage: Stage) -> None:
    cycle: Any = stage.plane.current
    assert not any(stage.stage.sweep_chunk(0, cycle) for _ in range(1000))
    assert (cycle.committed, cycle.sent) == ([], [])


@pytest.mark.parametrize("stage", [accounts(), Stage(Portfolios, PORTFOLIOS_CODEC)], ids=["accounts", "portfolios"])
def test_a_day_that_cannot_be_is_put_aside_for_no_later_one_would_be_closed(stage: Stage) -> None:
    for day in ("9999-12-31", "0001-01-01"):
        over = encode(done(0)).replace(b"2026-03-02", day.encode())
        assert [one.topic for one in stage.fold(over, key=None)] == [stage.stage.topic + "-dlq"]


def test_what_members_gave_is_forgotten_when_they_say_all_of_it_anew() -> None:
    stage = accounts()
    stage.fold(member(70))
    stage.fold(AccountSignal(at=NOON, fact=MembersForgotten()), key=None)
    stage.fold(member(40, contact="bob"))
    sent = [one for one in stage.plane.sent if one.topic == HEALTH_ACCOUNT_SCORES and one.value is not None]
    record: Any = decode_record(HEALTH_ACCOUNT_SCORES, sent[-1].value)
    assert (record.score, record.members) == (40, 1)


def test_a_portfolio_adds_up_its_accounts() -> None:
    stage = Stage(Portfolios, PORTFOLIOS_CODEC)
    sent = []
    for account, score in (("a", 70), ("b", 40)):
        fact = AccountContribution(
            tenant="acme", portfolio="csm/u", account=account, seq=1, gives=AccountShare(score=score, band="healthy")
        )
        sent += stage.fold(PortfolioSignal(at=NOON, fact=fact), key=b"acme/csm/u")
    assert {one.topic for one in sent} == {HEALTH_PORTFOLIO_SCORES}
    record: Any = decode_record(HEALTH_PORTFOLIO_SCORES, sent[-1].value)
    assert (record.portfolio, record.accounts, record.score) == ("csm/u", 2, 55)


@pytest.mark.parametrize("codec", [ACCOUNTS_CODEC, PORTFOLIOS_CODEC])
def test_a_row_of_a_newer_version_is_refused_by_name(codec: Any) -> None:
    stage = Stage(*((Accounts, codec) if codec is ACCOUNTS_CODEC else (Portfolios, codec)))
    if codec is ACCOUNTS_CODEC:
        stage.fold(member(70))
    else:
        share = AccountShare(score=1)
        fact = AccountContribution(tenant="acme", portfolio="csm/u", account="a", seq=1, gives=share)
        stage.fold(PortfolioSignal(at=NOON, fact=fact))
    stored = bytearray(stage.plane.states[0].stored[KEY])
    stored[3 if codec is ACCOUNTS_CODEC else 1] = 2
    with pytest.raises(NewerStateRow, match="version 2"):
        codec.decode(bytes(stored))
