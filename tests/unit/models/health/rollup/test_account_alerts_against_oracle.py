"""Small logs of one account made to make its alerts flap: those that the oracle (`tests/oracle`) says go out."""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.base import Mode, from_milliseconds, to_milliseconds
from schemas.control import ModelPublished
from schemas.profiles import AccountUpdated
from schemas.scores import AlertRaised
from schemas.signals import AccountSignal, Clock, Contribution, MemberContribution, MemberLeft, Tick, TickDone
from tests.oracle.account_alerts import OF_KIND, OracleAccount, Told
from tests.unit.models.health.rollup.test_account_alerts import SUBJECT, One

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 20_000 * DAY
FOUR = 4 * HOUR
TENANT, ACCOUNT = SUBJECT

Draw = Callable[[st.SearchStrategy[Any]], Any]
HOURS = (0, 1, 5 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, HOUR, FOUR, DAY)
WEEKS = (10 * MINUTE, DAY, DAY, 3 * DAY, 7 * DAY, 30 * DAY, 60 * DAY)
BLOCKS: tuple[dict[str, Any], ...] = (
    {},
    {"expansion_opportunity": {"cooldown_hours": 0, "dwell_minutes": 0}, "new_point_of_contact": {"cooldown_hours": 0}},
    {
        "account_health_declined": {"strict": True, "dwell_minutes": 0, "cooldown_hours": 1, "on_model_change": True},
        "expansion_opportunity": {"days": 30, "rearm_points": 1, "cooldown_hours": 24, "on_model_change": True},
        "seats_decreased": {"share": 0.5, "cooldown_hours": 0, "dwell_minutes": 60},
    },
    {
        "account_health_declined": {"at": 34, "rearm_at": 66, "cooldown_hours": 0},
        "account_health_recovered": {"enabled": False},
        "new_point_of_contact": {"days": 1, "dwell_minutes": 10},
        "seats_decreased": {"days": 7, "cooldown_hours": 0},
    },
    {kind: {"enabled": False} for kind in OF_KIND},
)  # fmt: skip
BANDS: tuple[dict[str, int], ...] = ({}, {}, {"needs_attention": 35}, {"needs_attention": 36, "healthy": 60})

percent = st.integers(0, 99)
nudges = st.sampled_from([-1, 0, 0, 0, 0, 1])
scores = st.sampled_from([29, 30, 31, 34, 35, 36, 56, 57, 60, 61, 65])
seats = st.sampled_from([None, 60, 70, 133, 139, 140])
ages = st.sampled_from([*[0] * 6, HOUR, DAY, DAY + 1, 3 * DAY])
renewals = st.sampled_from([None, 0, HOUR, 30 * DAY, 90 * DAY, 91 * DAY])


@st.composite
def logs(draw: Draw) -> list[AccountSignal]:
    """A log in which time goes on; the days are closed as their ticks come."""
    pace, imports = draw(st.sampled_from([HOURS, WEEKS])), draw(st.sampled_from([0, 0, 20]))
    about = draw(st.sampled_from([("member",), ("profile", "profile", "member"), ("role", "role", "member")]))
    gave: dict[str, Contribution] = {}
    now, ticked = START, START // DAY - 1
    log = [member(draw, gave, now, "member")]
    for number in range(draw(st.integers(1, 25))):
        now = max(START, now + draw(st.sampled_from(pace)) + draw(nudges))
        while (ticked + 1) * DAY + FOUR <= now:
            ticked += 1
            log += closed(ticked)
        chance = draw(st.integers(0, 11))
        if chance == 0:
            log.append(AccountSignal(at=now, fact=Clock()))
        elif chance < 3:
            log.append(published(now, number, draw(st.sampled_from(BLOCKS)), draw(st.sampled_from(BANDS))))
        else:
            kind = draw(st.sampled_from(about))
            if kind == "role" and len(gave) == 2 and draw(percent) < 10:
                log += merged(draw, gave, now)
                continue
            one = profile(draw, now, number) if kind == "profile" else member(draw, gave, now, kind)
            mode: Mode = "import" if draw(percent) < imports else "live"
            remodelled = kind == "member" and isinstance(one.fact, MemberContribution) and draw(percent) < 10
            late = kind != "profile" and draw(percent) < 20
            log.append(
                msgspec.structs.replace(one, mode=mode, alerts=draw(percent) < 20, remodelled=remodelled, late=late)
            )
    return log


def closed(day: int) -> list[AccountSignal]:
    """A day's tick, and the only partition of contacts is done with it."""
    at = day * DAY + FOUR
    of = from_milliseconds(at).date()
    facts = (Tick(day=of), TickDone(day=of, partition=0, partitions=1))
    return [AccountSignal(at=at, fact=fact) for fact in facts]


def published(at: int, number: int, block: dict[str, Any], bands: dict[str, int]) -> AccountSignal:
    """A model comes into force."""
    account = {"alerts": block, "bands": bands}
    document = {"version": f"m{number}", "components": {"nps": {}}, "account": account}
    fact = ModelPublished(
        event_id=f"m{number}", occurred_at=from_milliseconds(at), tenant=TENANT, version=f"m{number}",
        model=msgspec.Raw(msgspec.json.encode(document)), author="carol",
    )  # fmt: skip
    return AccountSignal(at=at, fact=fact)


def profile(draw: Draw, at: int, number: int) -> AccountSignal:
    """The account tells of itself, maybe late."""
    renews_in = draw(renewals)
    fact = AccountUpdated(
        event_id=f"e{number:02}", occurred_at=from_milliseconds(at - draw(ages)), tenant=TENANT, account=ACCOUNT,
        seats=draw(seats), orders=draw(seats),
        renewal_at=None if renews_in is None else from_milliseconds(at + renews_in),
    )  # fmt: skip
    return AccountSignal(at=at, fact=fact)


def member(draw: Draw, gave: dict[str, Contribution], at: int, kind: str) -> AccountSignal:
    """A contact gives something else, or (now and then) leaves."""
    contact = draw(st.sampled_from(["ann", "ann", "bob"]))
    base = {"tenant": TENANT, "account": ACCOUNT, "contact": contact, "seq": 1}
    if contact in gave and draw(percent) < 10:
        return AccountSignal(at=at, fact=MemberLeft(**base, gave=gave.pop(contact)))
    decides, since = None, None
    if kind == "role":
        decides = draw(st.booleans())
        since = draw(st.sampled_from([None, None, at - HOUR, at - 29 * DAY, at - 40 * DAY])) if decides else None
    gives = Contribution(
        score=draw(scores), band="healthy", confidence="low", decision_maker=decides, in_role_since=since
    )
    before, gave[contact] = gave.get(contact), gives
    return AccountSignal(at=at, fact=MemberContribution(**base, gives=gives, gave=before))


def merged(draw: Draw, gave: dict[str, Contribution], at: int) -> list[AccountSignal]:
    """One contact is merged into the other, whose profile is from then on the later of both."""
    old, into = draw(st.permutations(list(gave)))
    base = {"tenant": TENANT, "account": ACCOUNT, "seq": 1}
    latest = gave[draw(st.sampled_from([old, into]))]
    left = MemberLeft(**base, contact=old, gave=gave.pop(old), merged=True)
    gives = msgspec.structs.replace(
        gave[into], decision_maker=latest.decision_maker, in_role_since=latest.in_role_since
    )
    came = MemberContribution(**base, contact=into, gives=gives, gave=gave[into], absorbed=old)
    gave[into] = gives
    return [AccountSignal(at=at, fact=fact) for fact in draw(st.permutations([left, came]))]


def expected(log: list[AccountSignal]) -> list[Told]:
    """The alerts that the oracle says."""
    account = OracleAccount(*SUBJECT)
    for signal in log:
        match signal.fact:
            case Clock():
                account.pass_due(signal.at)
            case TickDone():
                account.close(signal.at)
            case ModelPublished():
                account.remodel(signal.fact)
            case Tick():
                pass
            case _:
                account.hear(signal)
    return sorted(account.told)


def told(log: list[AccountSignal]) -> list[Told]:
    """The alerts that the fold gives."""
    one = One()
    alerts = [
        alert
        for signal in log
        for alert in one.take(signal, keyed=not isinstance(signal.fact, Clock | TickDone | Tick | ModelPublished))
    ]
    assert all(alert.reasons for alert in alerts)
    return sorted(map(as_told, alerts))


def as_told(alert: AlertRaised) -> Told:
    """An alert in the oracle's form."""
    return (
        alert.kind, to_milliseconds(alert.at), alert.event_id, alert.episode_id, alert.first_time,
        alert.suppressed_count, alert.late, alert.score,
    )  # fmt: skip


@settings(
    max_examples=300,
    derandomize=True,  # a log that is rare must not fail who changed something else
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(logs())
def test_a_log_made_to_flap_gives_the_accounts_alerts_that_the_oracle_says(log: list[AccountSignal]) -> None:
    assert told(log) == expected(log)
