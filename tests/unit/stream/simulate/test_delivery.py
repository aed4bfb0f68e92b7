"""How events arrive: twice, late, out of order."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from stream.simulate import deliver, simulate


def test_by_itself_each_event_arrives_once_when_it_occurs() -> None:
    events = list(simulate(contacts=50, events=1_000))
    arrived = list(deliver(events))
    assert [delivery.event for delivery in arrived] == events
    assert all(delivery.at == delivery.event.occurred_at for delivery in arrived)


def test_nothing_is_lost_and_arrivals_are_in_order() -> None:
    events = list(simulate(contacts=50, events=3_000))
    arrived = list(deliver(events, duplicates=0.1, late=0.05, out_of_order=0.2))
    assert {delivery.event.event_id for delivery in arrived} == {event.event_id for event in events}
    assert [delivery.at for delivery in arrived] == sorted(delivery.at for delivery in arrived)
    assert all(delivery.at >= delivery.event.occurred_at for delivery in arrived)


def test_the_shares_are_kept() -> None:
    events = list(simulate(contacts=50, events=5_000))
    arrived = list(deliver(events, duplicates=0.1, late=0.05, out_of_order=0.2))
    times = Counter(delivery.event.event_id for delivery in arrived)
    assert 400 < sum(count == 2 for count in times.values()) < 600
    late = sum(delivery.at - delivery.event.occurred_at >= timedelta(days=2) for delivery in arrived)
    assert 150 < late < 350
    occurred = [delivery.event.occurred_at for delivery in arrived]
    assert sum(a > b for a, b in pairwise(occurred)) > 200


def test_the_same_seed_gives_the_same_arrivals() -> None:
    events = list(simulate(contacts=50, events=1_000))
    assert list(deliver(events, seed=3, late=0.1)) == list(deliver(events, seed=3, late=0.1))
