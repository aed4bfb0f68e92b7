"""Accounts: what contacts give, what the account itself tells, and what comes of both."""

from datetime import datetime
from functools import reduce
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.health.accounts.own import Own, told
from schemas.base import from_milliseconds
from schemas.control import ContactErased, ModelPublished, OverrideCleared, OverrideSet
from schemas.profiles import AccountUpdated, ContactUpdated
from schemas.surveys import ReviewPosted, SurveyAnswered
from schemas.tickets import TicketOpened, TicketReplied
from tests.unit.models.health.building import ms
from tests.unit.models.health.rollup.world import World, day_of


def when(days: float) -> datetime:
    return from_milliseconds(ms(days))


def base(days: float, **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"e{days}-{sorted(more.items(), key=str)}"[:120],
        "occurred_at": when(days),
        "tenant": "acme",
        **more,
    }


def member(days: float, contact: str, account: str | None, **more: Any) -> ContactUpdated:
    return ContactUpdated(**base(days, contact=contact, account=account, **more))


def nps(days: float, contact: str, value: float, kind: str = "nps") -> SurveyAnswered:
    return SurveyAnswered(**base(days, contact=contact, kind=kind, value=value, scale_min=0, scale_max=10))


def company(days: float, account: str = "a", **more: Any) -> AccountUpdated:
    return AccountUpdated(**base(days, account=account, **more))


def by_model(account: dict[str, Any], **more: Any) -> ModelPublished:
    document = {"version": "2", "components": {"nps": {}}, "account": account, **more}
    return ModelPublished(**base(0, version="2", author="u"), model=msgspec.Raw(msgspec.json.encode(document)))


def settled(*steps: Any) -> World:
    """Facts of contacts and accounts, and days (numbers) that are closed, each settled before the next."""
    world = World()
    for step in steps:
        if isinstance(step, int):
            world.tick(step)
        elif isinstance(step, ModelPublished):
            world.publish(0, step)
        elif getattr(step, "contact", None) is None:
            world.account_fact(step)
        else:
            world.fact(step)
        world.settle()
    return world


def account(world: World, name: str = "a") -> Any:
    record = world.account(name)
    assert record is not None
    return record


def test_an_account_is_the_mean_of_its_members() -> None:
    members = [member(0, name, "a") for name in ("ada", "bob", "eve")]
    world = settled(*members, nps(1, "ada", 9), nps(1, "bob", 4))
    record = account(world)
    scores = {key: row.published for key, row in _contacts(world).items() if row.published is not None}
    assert record.members == 3
    assert record.scored == 2
    assert record.mean == sum(row.score for row in scores.values()) / 2
    assert record.minimum == min(row.score for row in scores.values())
    assert sum(record.bands.values()) == 2
    assert sum(record.shares.values()) == pytest.approx(1)
    assert record.moved_by in ("ada", "bob")


def _contacts(world: World) -> dict[bytes, Any]:
    from models.health.state import decode

    return {key: decode(row) for rows in world.contacts for key, row in rows.items()}


def test_members_weigh_by_their_confidence() -> None:
    facts = [nps(1 + n / 100, "ada", 10) for n in range(15)]
    world = settled(member(0, "ada", "a"), member(0, "bob", "a"), *facts, nps(1, "bob", 0))
    sure, unsure = (row.published.score for _, row in sorted(_contacts(world).items()))
    assert account(world).mean == (3 * sure + unsure) / 4


def test_a_contact_that_moves_between_accounts_is_counted_once() -> None:
    world = settled(member(0, "ada", "a"), nps(1, "ada", 9), member(2, "ada", "b"))
    assert world.account("a") is None
    assert account(world, "b").members == 1
    assert account(world, "b").nps == 100
    world = settled(member(0, "ada", "a"), member(0, "bob", "a"), nps(1, "ada", 9), member(2, "ada", None))
    assert account(world).members == 1
    assert account(world).nps is None


def test_an_erased_contact_gives_nothing_any_more() -> None:
    world = settled(company(0), member(0, "ada", "a"), nps(1, "ada", 9), ContactErased(**base(2, contact="ada")))
    record = account(world)
    assert (record.members, record.score, record.nps_answers) == (0, None, 0)
    assert all(not row.ledger.current() for row in world.rows(lambda it: it.accounts).values())


def test_nps_csat_and_effort_are_of_the_latest_answers() -> None:
    world = settled(
        *(member(0, name, "a") for name in ("ada", "bob", "eve", "dan")),
        nps(1, "ada", 3), nps(2, "ada", 10), nps(1, "bob", 7), nps(1, "eve", 6), nps(1, "dan", 9),
        nps(1, "ada", 8, "csat"), nps(1, "bob", 5, "star"), nps(1, "ada", 4, "ces"),
    )  # fmt: skip
    record = account(world)
    assert (record.nps, record.nps_answers) == (25, 4)
    assert (record.csat, record.csat_answers) == (0.65, 2)
    assert (record.ces, record.ces_answers) == (0.4, 1)


def opened(days: float, contact: str, ticket: str) -> TicketOpened:
    return TicketOpened(**base(days, contact=contact, ticket=ticket))


def answered(days: float, contact: str, ticket: str) -> TicketReplied:
    return TicketReplied(**base(days, contact=contact, ticket=ticket, author="agent"))


def test_response_times_are_of_all_contacts_and_leave_after_60_days() -> None:
    minute = 1 / 1440
    world = settled(
        member(0, "ada", "a"), member(0, "bob", "a"),
        opened(1, "ada", "1"), answered(1 + 10 * minute, "ada", "1"),
        opened(2, "ada", "2"), answered(2 + 30 * minute, "ada", "2"),
        opened(3, "bob", "3"), answered(3 + 200 * minute, "bob", "3"),
        4,
    )  # fmt: skip
    record = account(world)
    assert record.responses == 3
    assert record.response_mean_seconds == 240 * 60 / 3
    assert record.response_median_seconds == pytest.approx(1800, rel=1 / 16)
    world.tick(61)
    world.settle()
    assert account(world).responses == 2
    world.tick(70)
    world.settle()
    assert account(world).responses == 0
    assert account(world).response_median_seconds is None


def test_a_person_may_set_a_companys_health_by_hand_until_it_expires() -> None:
    by_hand = OverrideSet(
        **base(2, account="a", band="danger", reason="they told me", author="carol", expires_at=when(5))
    )
    world = settled(member(0, "ada", "a"), nps(1, "ada", 10), by_hand)
    assert (account(world).band, account(world).computed_band) == ("at_risk", "champion")
    assert account(world).cause.type == "override"
    assert world.portfolio_scores, "the organisation"
    world.tick(6)
    world.settle()
    assert account(world).band == "champion"
    world = settled(
        member(0, "ada", "a"), nps(1, "ada", 10), by_hand, OverrideCleared(**base(3, account="a", author="c"))
    )
    assert account(world).band == "champion"


def test_the_profile_shows_seats_renewal_and_units() -> None:
    world = settled(company(0, seats=500, orders=2, renewal_at=when(100), csm="u-7", team="t", division="d"))
    record = account(world)
    assert (record.seats, record.orders, record.renewal_at) == (500, 2, when(100))
    assert (record.csm, record.team, record.division) == ("u-7", "t", "d")
    assert (record.score, record.members) == (None, 0)


ONLY_OWN = {"members": {"enabled": False}}


def own(components: dict[str, Any], *steps: Any) -> Any:
    """The first component of an account's own, by a model with nothing else."""
    world = settled(by_model({"components": {**ONLY_OWN, **components}}), *steps)
    record = world.account("a")
    return None if record is None else record.components.get(next(iter(components)))


def test_seats_lost_are_bad_and_seats_kept_are_good() -> None:
    assert own({"seats": {}}, company(0, seats=40)).value == 1
    assert own({"seats": {}}, company(0, seats=40), company(10, seats=30)).value == 0
    assert own({"seats": {}}, company(0, seats=40), company(10, seats=35)).value == 0.5
    assert own({"seats": {}}, company(0, seats=40), company(10, seats=35)).grade == "average"
    assert own({"seats": {}}, company(0, seats=40), company(10, seats=0)).value == 0
    assert own({"seats": {}}, company(0, seats=40), company(10, seats=30), 120).value == 1, "that is long ago"
    assert own({"seats": {}}, company(0)) is None


def test_an_account_that_has_not_ordered_for_90_days_is_asleep() -> None:
    assert own({"seats": {}}, company(0, orders=4, last_order_at=when(-1)), 80).value == 1
    assert own({"seats": {}}, company(0, orders=4, last_order_at=when(-1)), 95).value == 0


def test_sizes_may_come_late() -> None:
    late = own({"seats": {}}, company(10, seats=30), company(0, seats=40))
    assert late.value == 0


def test_profiles_without_news_push_nothing_out() -> None:
    again = [company(2 + hour / 24, seats=50) for hour in range(1, 40)]
    assert own({"seats": {}}, company(0, seats=100), company(2, seats=50), *again).value == 0


def test_orders_are_looked_at_where_no_seats_are_known_in_the_window() -> None:
    assert own({"seats": {}}, company(0, orders=100), company(5, orders=80), 6).value == pytest.approx(0.2)
    both = company(0, orders=100, seats=50), company(5, orders=10, seats=50)
    assert own({"seats": {}}, *both, 6).value == 1
    assert own({"seats": {}}, *both, company(7, orders=10), 8).value == 1, "seats were known two days ago"
    orders = company(100, orders=10), company(101, orders=8)
    assert own({"seats": {}}, *both, *orders, 102).value == pytest.approx(0.2)
    assert own({"seats": {}}, company(0, seats=50), 100).value == 1, "the profile tells them still"
    assert own({"seats": {}}, company(0, seats=50), company(5), 100) is None


sizes = st.tuples(st.integers(0, 200 * 24), st.integers(0, 9))


@given(st.lists(sizes, max_size=12), st.lists(sizes, max_size=12), st.randoms())
def test_what_is_kept_of_the_seats_follows_from_the_facts_in_whatever_order(
    early: list[tuple[int, int]], late: list[tuple[int, int]], random: Random
) -> None:
    facts = [company(hour / 24, seats=count, orders=count) for hour, count in (*early, *late)]
    facts += [company(200 + hour % 24 / 24, seats=count) for hour, count in early]
    shuffled = [*facts, *facts[:3]]
    random.shuffle(shuffled)
    kept, other = (reduce(told, some, Own()) for some in (facts, shuffled))
    assert kept == other
    assert len(kept.seats) <= 3 * 91 + 1


def test_a_decision_maker_new_in_the_role_is_a_red_flag() -> None:
    points = {"point_of_contact": {}}
    assert own(points, company(0), member(0, "ada", "a")) is None
    assert own(points, member(0, "ada", "a", decision_maker=False)).value == 0
    assert own(points, member(0, "ada", "a", decision_maker=True)).value == 1
    long = member(0, "ada", "a", decision_maker=True, in_role_since=when(-800))
    assert own(points, long).value == 1
    half = member(0, "ada", "a", decision_maker=True, in_role_since=when(-180))
    assert own(points, half).value == 0.5
    went = member(5, "ada", "a", decision_maker=False)
    came = member(6, "bob", "a", decision_maker=True, in_role_since=when(6))
    assert own(points, long, went).value == 0
    assert own(points, long, went, came).value == 0
    assert own(points, long, went, came, 90).value == 0
    assert own(points, long, went, came, 130).value == pytest.approx(4 / 12)


def test_support_load_is_an_inverted_u() -> None:
    load = {"support_load": {"good": [1, 2], "high": 4}}
    assert own(load, member(0, "ada", "a")).value == 0
    tickets = [opened(1 + n / 10, "ada", f"t{n}") for n in range(3)]
    assert own(load, member(0, "ada", "a"), *tickets[:2]).value == 1
    assert own(load, member(0, "ada", "a"), member(0, "bob", "a"), *tickets, opened(2, "bob", "x")).value == 0
    assert own(load, member(0, "ada", "a"), *tickets).value == 0.5


def test_tenure_and_reviews_are_the_accounts_own() -> None:
    assert own({"tenure": {}}, company(0, customer_since=when(-360))).value == 0.5
    review = ReviewPosted(**base(0, account="a", site="x", value=3, scale_min=0, scale_max=5))
    assert own({"reviews": {"good": 1, "poor": 0.2}}, review).value == pytest.approx(0.5)


def test_the_score_is_the_weighted_mean_of_members_and_factors() -> None:
    model = by_model({"components": {"members": {"weight": 75}, "seats": {"weight": 25}}, "bands": {"champion": 95}})
    world = settled(model, company(0, seats=40), member(0, "ada", "a"), nps(1, "ada", 10), company(2, seats=0))
    record = account(world)
    assert (record.score, record.band, record.coverage, record.model) == (75, "healthy", 1, "2")
    assert sum(part.points for part in record.components.values()) == pytest.approx(record.score_raw)


def test_closes_show_where_an_account_goes() -> None:
    world = settled(member(0, "ada", "a"), nps(0.1, "ada", 10), 1, 2, nps(2.5, "ada", 2), 3)
    record = account(world)
    assert [close.day for close in record.closes] == [day_of(1), day_of(3)]
    assert record.trend == "insufficient_history"
    for day in range(4, 10):
        world.tick(day)
        world.settle()
    assert account(world).trend == "declining"


def test_portfolios_add_up_what_their_accounts_give() -> None:
    world = settled(
        company(0, "a", csm="u-7", team="t"), company(0, "b", csm="u-7"), company(0, "c", csm="u-8"),
        member(0, "ada", "a"), member(0, "bob", "b"), nps(0.1, "ada", 10), nps(0.1, "bob", 2), 1,
    )  # fmt: skip
    scores = [account(world, name).score for name in ("a", "b")]
    record = world.portfolio("csm/u-7")
    assert record is not None
    assert (record.accounts, record.scored, record.total) == (2, 2, sum(scores))
    assert record.score_raw == sum(scores) / 2
    assert [(close.day, close.accounts, close.total) for close in record.closes] == [(day_of(1), 2, sum(scores))]
    parts = [one for one in world.portfolio_scores.values() if one.portfolio.startswith("organisation/")]
    assert sum(part.accounts for part in parts) == 3
    assert sum(part.total for part in parts) == sum(scores)
    world.account_fact(company(2, "b", csm="u-8"))
    world.settle()
    moved = world.portfolio("csm/u-8")
    assert moved is not None
    assert (moved.accounts, moved.total) == (2, scores[1])


def test_a_portfolio_without_accounts_is_taken_back() -> None:
    world = settled(company(0, csm="u-7"), company(1, csm="u-8"))
    assert world.portfolio("csm/u-7") is None
    assert world.portfolio("csm/u-8") is not None
