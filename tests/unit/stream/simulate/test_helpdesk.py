"""The simulated helpdesk: believable enough to find faults with, and the same each time."""

from collections import Counter
from datetime import UTC, datetime
from itertools import islice

import msgspec
import pytest

from models.health.model import parse_model
from schemas.base import DEFAULT_TENANT, Event, from_milliseconds, to_milliseconds
from schemas.control import ModelPublished, OverrideSet
from schemas.door import MAX_AHEAD_MS, refusal
from schemas.messages import MessageCreated
from schemas.surveys import SurveyAnswered
from schemas.tickets import TicketClosed, TicketEvent, TicketOpened, TicketUpdated
from stream.simulate import simulate
from stream.simulate.rhythm import HOUR, when_the_desk_is_open

START = datetime(2026, 1, 5, tzinfo=UTC)


def tag(event: Event) -> str:
    return str(event.__struct_config__.tag)


def test_the_same_seed_gives_the_same_events() -> None:
    assert list(simulate(seed=7, contacts=50, events=2_000)) == list(simulate(seed=7, contacts=50, events=2_000))


def test_another_seed_gives_other_events() -> None:
    assert list(simulate(seed=7, contacts=50, events=200)) != list(simulate(seed=8, contacts=50, events=200))


def test_events_come_in_the_order_of_time_and_each_has_its_own_id() -> None:
    events = list(simulate(contacts=300, events=20_000))
    times = [event.occurred_at for event in events]
    assert times == sorted(times)
    assert times[0] >= START
    assert len({event.event_id for event in events}) == len(events)


def test_every_type_of_event_happens() -> None:
    counts = Counter(tag(event) for event in simulate(contacts=2_000, events=150_000))
    assert set(counts) == {
        "ticket.opened", "ticket.updated", "ticket.replied", "ticket.solved", "ticket.reopened", "ticket.closed",
        "message.created", "survey.answered", "review.posted", "contact.updated", "account.updated",
        "override.set", "override.cleared", "sentiment.corrected",
        "contact.erased", "contact.restored", "contact.merged", "tenant.registered",
    }  # fmt: skip
    assert counts["contact.erased"] < 100, "rare"


def test_every_kind_of_survey_is_answered_on_its_scale() -> None:
    answers = [event for event in simulate(contacts=500, events=20_000) if isinstance(event, SurveyAnswered)]
    assert {answer.kind for answer in answers} == {"nps", "csat", "star", "thumbs", "ces"}
    assert len({(answer.scale_min, answer.scale_max) for answer in answers}) > 3


def test_events_are_what_intake_accepts() -> None:
    for event in simulate(contacts=100, events=5_000, models_every_days=9):
        assert msgspec.json.decode(msgspec.json.encode(event), type=type(event)) == event
        assert refusal(event, now_ms=to_milliseconds(event.occurred_at), tenants=(DEFAULT_TENANT,)) is None


def test_no_event_knows_of_what_lies_ahead_when_it_happens() -> None:
    for event in simulate(seed=2, contacts=300, events=5_000):
        now = to_milliseconds(event.occurred_at)
        refused = refusal(event, now_ms=now - MAX_AHEAD_MS, tenants=None)
        assert refused is None, (refused, event)


def test_days_and_events_bound_it() -> None:
    events = list(simulate(contacts=200, days=10))
    assert (events[-1].occurred_at - START).total_seconds() < 10 * 86_400
    assert len(list(simulate(contacts=200, events=123))) == 123
    both = list(simulate(contacts=200, days=10, events=4_000))
    assert len(both) == pytest.approx(4_000, rel=0.25), "about as busy as asked"
    assert (both[-1].occurred_at - both[0].occurred_at).days >= 7


def test_people_write_at_day_on_weekdays() -> None:
    written = [event for event in simulate(contacts=500, days=28) if isinstance(event, TicketOpened)]
    at_day = sum(8 <= event.occurred_at.hour < 18 for event in written)
    at_weekends = sum(event.occurred_at.weekday() >= 5 for event in written)
    assert at_day > 0.65 * len(written)
    assert at_weekends < 0.15 * len(written)


def test_some_customers_are_happy_and_some_are_not() -> None:
    given: dict[str, list[float]] = {}
    for event in simulate(contacts=300, events=30_000):
        if isinstance(event, SurveyAnswered):
            share = (event.value - event.scale_min) / (event.scale_max - event.scale_min)
            given.setdefault(event.contact, []).append(share)
    means = [sum(shares) / len(shares) for shares in given.values() if len(shares) > 2]
    assert min(means) < 0.35
    assert max(means) > 0.85


def test_a_ticket_lives_from_opened_to_closed_and_some_move() -> None:
    events = [event for event in simulate(contacts=300, events=30_000) if isinstance(event, TicketEvent)]
    first = {event.ticket: event for event in reversed(events)}
    assert all(isinstance(event, TicketOpened) for event in first.values())
    closed = sum(isinstance(event, TicketClosed) for event in events)
    assert 0.6 * len(first) < closed < len(first)
    assert any(isinstance(event, TicketUpdated) and event.previous_contact for event in events)


def test_messages_come_in_all_the_shapes_that_helpdesks_send() -> None:
    texts = [event.text for event in simulate(events=5_000) if isinstance(event, MessageCreated)]
    assert "" in texts
    assert any("<html>" in text for text in texts)
    assert any("\n> " in text for text in texts)
    assert any(not text.isascii() for text in texts)
    assert len(set(texts)) > 0.4 * len(texts)


def test_tenants_have_their_own_contacts() -> None:
    tenants = ("acme", "umbrella-2")
    events = list(simulate(contacts=60, events=3_000, tenants=tenants))
    assert {event.tenant for event in events} == set(tenants)
    owners = {(event.contact, event.tenant) for event in events if isinstance(event, TicketEvent)}
    assert len({contact for contact, _ in owners}) == len(owners)


def test_models_are_published_when_asked_for() -> None:
    events = list(simulate(contacts=50, days=30, tenants=("acme", "umbrella"), models_every_days=7))
    models = [event for event in events if isinstance(event, ModelPublished)]
    assert [(event.occurred_at - START).days for event in models] == [7, 14, 21, 28]
    assert len({parse_model(event.model).version for event in models}) == 4


def test_some_overrides_are_of_a_whole_account() -> None:
    overrides = [event for event in simulate(contacts=500, events=60_000) if isinstance(event, OverrideSet)]
    assert 0 < sum(event.contact is None for event in overrides) < len(overrides) / 2


def test_without_decisions_nobody_overrides_or_erases() -> None:
    tags = {tag(event) for event in simulate(contacts=500, events=30_000, decisions=False)}
    assert not tags & {"override.set", "contact.erased", "contact.merged", "tenant.registered"}


def test_a_lone_contact_is_enough() -> None:
    assert len(list(simulate(contacts=1, events=500))) == 500


@pytest.mark.parametrize("wrong", [{"contacts": 0}, {"tenants": ()}, {"days": 0}, {"events": -1}])
def test_an_impossible_helpdesk_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a helpdesk needs"):
        next(simulate(**wrong))  # type: ignore[arg-type]


def test_it_goes_on_without_end() -> None:
    assert len(list(islice(simulate(contacts=3), 1_000))) == 1_000


def test_the_desk_opens_again_on_monday() -> None:
    friday_night = int(datetime(2026, 1, 9, 22, 15, tzinfo=UTC).timestamp() * 1000)
    assert from_milliseconds(when_the_desk_is_open(friday_night)) == datetime(2026, 1, 12, 7, 15, tzinfo=UTC)
    assert when_the_desk_is_open(friday_night - 12 * HOUR) == friday_night - 12 * HOUR
