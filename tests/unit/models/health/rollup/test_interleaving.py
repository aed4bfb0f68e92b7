"""However the partitions of the three logs go on, accounts and portfolios come to the same."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from models.health.accounts.sums import MEMBERS, scored, total
from models.health.state import decode
from schemas.base import from_milliseconds
from schemas.control import ContactErased
from tests.unit.models.health.building import ms
from tests.unit.models.health.rollup.test_accounts import answered, base, by_model, company, member, nps, opened
from tests.unit.models.health.rollup.world import PARTITIONS, TENANT, World

CONTACTS, ACCOUNTS = ("ada", "bob", "eve", "dan"), ("a", "b", None)
OWN = {"members": {}, "seats": {"weight": 10}, "point_of_contact": {"weight": 5}, "support_load": {"weight": 7}}

steps = st.one_of(
    st.tuples(st.just("member"), st.sampled_from(CONTACTS), st.sampled_from(ACCOUNTS), st.sampled_from([None, True])),
    st.tuples(st.just("nps"), st.sampled_from(CONTACTS), st.integers(0, 10)),
    st.tuples(st.just("ticket"), st.sampled_from(CONTACTS)),
    st.tuples(st.just("company"), st.sampled_from(("a", "b")), st.integers(0, 50), st.sampled_from(["u", "v"])),
    st.tuples(st.just("erased"), st.sampled_from(CONTACTS)),
    st.tuples(st.just("tick")),
    st.tuples(st.just("model")),
)
actions = st.lists(
    st.tuples(
        st.sampled_from(["sweep", "read_accounts", "sweep_accounts", "read_portfolios", "sweep_portfolios"]),
        st.integers(0, PARTITIONS - 1),
        st.integers(0, PARTITIONS - 1),
        st.integers(1, 3),
    ),
    max_size=60,
)


def happen(world: World, number: int, step: tuple[Any, ...]) -> None:
    days = 1 + number * 0.9
    match step:
        case ("member", contact, account, decides):
            since = from_milliseconds(ms(days)) if decides else None
            world.fact(member(days, contact, account, decision_maker=decides, in_role_since=since))
        case ("nps", contact, value):
            world.fact(nps(days, contact, value))
        case ("ticket", contact):
            world.fact(opened(days, contact, f"t{number}"))
            world.fact(answered(days + 0.01, contact, f"t{number}"))
        case ("company", account, seats, csm):
            world.account_fact(company(days, account, seats=seats, csm=csm))
        case ("erased", contact):
            world.fact(ContactErased(**base(days, contact=contact)))
        case ("tick",):
            world.tick(int(days) + 1)
        case ("model",):
            world.publish(days, by_model({"components": OWN}))


def said(records: dict[bytes, Any]) -> dict[bytes, Any]:
    """Records without what counts how often something was said, and when."""
    aside = {"event_id": "", "seq": 0, "at": from_milliseconds(0)}
    return {key: msgspec.structs.replace(record, **aside, **_more(record)) for key, record in records.items()}


def _more(record: Any) -> dict[str, Any]:
    return {"cause": None, "previous_score": None} if hasattr(record, "cause") else {}


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=25), actions, st.integers(1, 5))
def test_the_result_does_not_depend_on_how_partitions_sweeps_and_signals_interleave(
    plan: list[tuple[Any, ...]], between: list[tuple[str, int, int, int]], pace: int
) -> None:
    at_once, in_bits = World(), World()
    for number, step in enumerate(plan):
        happen(at_once, number, step)
        at_once.settle()
        happen(in_bits, number, step)
        for action, writer, place, rows in between[number * pace : (number + 1) * pace]:
            if action.startswith("read"):
                getattr(in_bits, action)(writer, place)
            else:
                getattr(in_bits, action)(place, rows)
    for world in (at_once, in_bits):  # both look at the trend at one and the same time
        world.tick(len(plan) + 2)
        world.settle()
    assert said(in_bits.account_scores) == said(at_once.account_scores)
    assert said(in_bits.portfolio_scores) == said(at_once.portfolio_scores)
    assert in_bits.contacts == at_once.contacts


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=30))
def test_an_account_is_what_its_contacts_are_and_no_contact_is_counted_twice(plan: list[tuple[Any, ...]]) -> None:
    world = World()
    for number, step in enumerate(plan):
        happen(world, number, step)
    world.settle()
    members: Counter[str] = Counter()
    scores: dict[str, list[int]] = {}
    for row in (decode(stored) for rows in world.contacts for stored in rows.values()):
        if row.profile is not None and row.profile.account is not None:
            members[row.profile.account] += 1
            if row.published is not None:
                scores.setdefault(row.profile.account, []).append(row.published.score)
    for key, account in world.rows(lambda it: it.accounts).items():
        name = key.decode().removeprefix(f"{TENANT}/")
        sums = account.ledger.current()
        assert sums.get(MEMBERS, 0) == members[name]
        assert (scored(sums), total(sums)) == (len(scores.get(name, ())), sum(scores.get(name, ())))
        assert all(count > 0 for count in sums.values())
    shares = [one for one in world.portfolio_scores.values() if one.portfolio.startswith("organisation/")]
    known = world.account_scores.values()
    assert sum(one.accounts for one in shares) == len(known)
    assert sum(one.total for one in shares) == sum(one.score for one in known if one.score is not None)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=20))
def test_a_log_of_accounts_that_is_delivered_twice_changes_nothing(plan: list[tuple[Any, ...]]) -> None:
    world, twice = World(), World()
    for one in twice.accounts:
        _deliver_twice(one)
    for number, step in enumerate(plan):
        for each in (world, twice):
            happen(each, number, step)
            each.settle()
    assert said(twice.account_scores) == said(world.account_scores)
    assert said(twice.portfolio_scores) == said(world.portfolio_scores)


def _deliver_twice(partition: Any) -> None:
    read = partition.read

    def again(key: bytes | None, entry: Any) -> list[Any]:
        out = read(key, entry)
        partition.offset -= 1  # the same offset once more
        fold = partition.kind(_control(partition), partition.documents)
        if key is None:
            assert not fold.enter(partition.offset + 1, entry)
            partition.offset += 1
            return list(out)
        row, reactions = fold.signal(
            partition.offset + 1, tuple(key.decode().split("/", 1)), partition.codec.decode(partition.rows[key]), entry
        )
        assert (row, reactions) == (None, [])
        partition.offset += 1
        return list(out)

    partition.read = again


def _control(partition: Any) -> Any:
    from models.health.rollup import decode_rollup_control

    return decode_rollup_control(partition.control)
