"""What a row holds, bullet by bullet (8-log-and-state)."""

from itertools import pairwise

import pytest

from models.health.components.sentiment import Sentiment
from models.health.facts.answers import CES, NPS
from models.health.facts.messages import messages
from models.health.facts.tickets import AGENT_REPLY, CUSTOMER_REPLY, NEVER, REOPENING, Ticket
from schemas.signals import ContactFact
from tests.unit.models.health.building import (
    Row,
    answer,
    cleared,
    closed,
    corrected,
    merged,
    message,
    ms,
    opened,
    override,
    profile,
    reopened,
    replied,
    review,
    solved,
    updated,
)


def tickets(row: Row) -> list[Ticket]:
    return [Ticket.unpack(packed) for packed in row.facts.tickets]


def only_ticket(*facts: ContactFact) -> Ticket:
    (ticket,) = tickets(Row(*facts))
    return ticket


# Messages


def test_the_64_latest_messages_of_both_sides_are_kept_whatever_their_order() -> None:
    facts: list[ContactFact] = [message(n / 10, author="agent" if n % 3 else "customer") for n in range(100)]
    forwards, backwards = Row(*facts), Row(*reversed(facts))
    assert forwards.facts.messages == backwards.facts.messages
    assert [one.at for one in messages(forwards.facts.messages)] == [ms(n / 10) for n in range(36, 100)]


def test_a_message_older_than_the_oldest_kept_changes_nothing_but_the_activity_time() -> None:
    row = Row(*[message(10 + n, author="agent", label=None) for n in range(64)])
    kept = row.facts.messages
    assert row.facts.activity.last_at is None
    row.feed(message(5, "negative"))
    assert row.facts.messages == kept
    assert row.facts.activity.last_at == ms(5)


def test_a_kept_message_remembers_all_that_later_factors_need() -> None:
    row = Row(
        message(1, "negative", confidence=0.8, tones=("frustrated", "sad"), ticket="t", conversation="c"),
        message(2, None, author="bot"),
    )
    first, second = messages(row.facts.messages)
    assert (first.at, first.kind, first.tones) == (ms(1), 1, 0b11)
    assert first.confidence == pytest.approx(0.8, abs=1 / 510)
    assert first.ticket != 0
    assert (second.kind, second.ticket) == (5, 0)


def test_of_two_facts_about_one_message_the_later_one_counts() -> None:
    early, late = message(1, "negative", message="m"), message(2, "positive", message="m")
    for row in (Row(early, late), Row(late, early)):
        assert row.value(Sentiment.code, 2) == 1.0
        assert len(list(messages(row.facts.messages))) == 1


def test_corrections_are_kept_for_messages_that_have_not_arrived_the_64_latest() -> None:
    row = Row(*[corrected(n, f"m{n}", "negative") for n in range(70)])
    assert len(row.facts.corrections) == 64
    assert row.facts.corrections[0].at == ms(6)


# Tickets


def test_a_ticket_keeps_when_it_was_opened_answered_and_solved() -> None:
    ticket = only_ticket(
        solved(3, "t"), replied(2, "t", "agent"), replied(1, "t", "agent"), opened(0, "t", severity="high")
    )
    assert (ticket.opened_at, ticket.responded_at, ticket.solved_at) == (ms(0), ms(1), ms(3))
    assert ticket.severity_level == 2
    assert not ticket.is_open


def test_opened_is_the_earliest_that_is_known() -> None:
    assert only_ticket(replied(2, "t", "agent"), solved(3, "t")).opened_at == ms(2)
    moved = updated(5, "t", opened_at=message(1).occurred_at, first_responded_at=message(2).occurred_at)
    ticket = only_ticket(moved)
    assert (ticket.opened_at, ticket.responded_at) == (ms(1), ms(2))


def test_the_latest_status_says_whether_a_ticket_is_open() -> None:
    assert only_ticket(opened(0, "t")).is_open
    assert only_ticket(opened(0, "t"), updated(1, "t", status="on_hold")).is_open
    assert not only_ticket(opened(0, "t"), closed(1, "t")).is_open
    assert only_ticket(opened(0, "t"), reopened(2, "t"), solved(1, "t")).is_open
    assert not only_ticket(replied(0, "t", "agent")).is_open


def test_a_closed_ticket_that_was_never_solved_has_no_time_of_solution() -> None:
    assert only_ticket(opened(0, "t"), closed(1, "t")).solved_at == NEVER


def test_what_is_further_along_counts_of_two_facts_at_the_same_time() -> None:
    facts: list[ContactFact] = [opened(0, "t"), solved(0, "t"), closed(0, "t"), updated(0, "t", severity="urgent")]
    for row in (Row(*facts), Row(*reversed(facts))):
        assert tickets(row)[0].status & 7 == 5
        assert tickets(row)[0].severity_level == 3


def test_the_event_id_decides_nothing_of_two_words_on_a_ticket_at_the_same_time() -> None:
    statuses = ("open", "pending", "on_hold", "solved", "closed")
    for number, (lower, higher) in enumerate(pairwise(statuses), 1):
        facts = [updated(0, "t", event="z", status=lower), updated(0, "t", event="a", status=higher)]
        assert only_ticket(*facts).status & 7 == only_ticket(*reversed(facts)).status & 7 == number + 1
    for number, (lower, higher) in enumerate(pairwise(("low", "normal", "high", "urgent")), 1):
        facts = [updated(0, "t", event="z", severity=lower), updated(0, "t", event="a", severity=higher)]
        assert only_ticket(*facts).severity_level == only_ticket(*reversed(facts)).severity_level == number


def test_the_latest_severity_wins_whatever_the_order_of_arrival() -> None:
    facts: list[ContactFact] = [
        opened(0, "t", severity="low"),
        updated(2, "t", severity="normal"),
        updated(1, "t", severity="urgent"),
    ]
    assert only_ticket(*facts).severity_level == only_ticket(*reversed(facts)).severity_level == 1


def test_a_ticket_that_changes_contact_leaves_the_old_one_and_may_come_back() -> None:
    facts: list[ContactFact] = [opened(0, "t"), updated(1, "t", contact="bob", previous_contact="ada")]
    assert not only_ticket(*facts).is_here
    assert not only_ticket(*reversed(facts)).is_here
    assert only_ticket(*facts, updated(2, "t", previous_contact="bob")).is_here


def test_replies_of_both_sides_count_once_whether_they_come_as_reply_or_as_message() -> None:
    ticket = only_ticket(
        opened(0, "t"),
        replied(1, "t", "agent", message="m1"),
        message(1, None, author="agent", message="m1", ticket="t"),
        message(2, message="m2", ticket="t"),
        replied(2, "t", "customer", message="m2"),
        replied(3, "t", "customer", event="e3"),
        replied(3, "t", "customer", event="e3"),
    )
    assert ticket.entry_count(CUSTOMER_REPLY) == 2
    assert ticket.entry_count(AGENT_REPLY) == 1


def test_replies_beyond_48_are_not_counted_in_any_order() -> None:
    facts: list[ContactFact] = [replied(n / 100, "t", "customer") for n in range(80)]
    assert only_ticket(*facts).entries == only_ticket(*reversed(facts)).entries
    assert only_ticket(*facts).entry_count(CUSTOMER_REPLY) == 48


def test_each_reopening_counts_once() -> None:
    ticket = only_ticket(opened(0, "t"), reopened(1, "t"), reopened(1, "t"), reopened(2, "t"))
    assert ticket.entry_count(REOPENING) == 2


def test_a_message_of_a_ticket_does_not_say_whose_the_ticket_is() -> None:
    row = Row(message(0, ticket="t"))
    assert not tickets(row)[0].is_here
    row.feed(opened(1, "t"))
    assert tickets(row)[0].is_here
    assert tickets(row)[0].entry_count(CUSTOMER_REPLY) == 1


def test_all_open_tickets_are_kept_and_the_50_others_heard_of_last() -> None:
    row = Row(*[opened(n / 10, f"open{n}") for n in range(60)])
    for n in range(70):
        row.feed(opened(10 + n / 10, f"done{n}"))
        row.feed(solved(10 + n / 10 + 0.05, f"done{n}"))
    kept = tickets(row)
    assert sum(ticket.is_open for ticket in kept) == 60
    assert sorted(ticket.opened_at for ticket in kept if not ticket.is_open) == [ms(10 + n / 10) for n in range(20, 70)]


def test_what_leaves_the_list_is_counted_once_by_the_day_it_was_opened() -> None:
    row = Row()
    for n in range(60):
        row.feed(opened(n, f"t{n}", severity="high"))
        row.feed(replied(n + 0.25, f"t{n}", "agent"))
        row.feed(solved(n + 0.5, f"t{n}"))
    again = row.facts.totals
    assert again is not None
    assert (again.tickets, again.solved) == (10, 10)
    row.feed(opened(3, "t3", severity="high"))
    row.feed(solved(3.5, "t3"))
    assert row.facts.totals == again
    (bucket, *_) = row.facts.buckets
    assert (bucket.tickets, bucket.severity_sum, bucket.responses, bucket.replies) == (1, 2, 1, 1)
    assert (bucket.response_ms, bucket.solve_ms) == (21_600_000, 43_200_000)
    assert sum(bucket.tickets for bucket in row.facts.buckets) == 10


def test_open_tickets_beyond_200_are_counted() -> None:
    row = Row(*[opened(n / 100, f"t{n}") for n in range(205)])
    assert len(row.facts.tickets) == 200
    assert row.facts.totals is not None
    assert row.facts.totals.open_beyond == 5


def test_buckets_of_more_than_ninety_days_ago_are_dropped() -> None:
    row = Row()
    for n in range(200):
        row.feed(opened(n, f"t{n}"))
        row.feed(closed(n + 0.5, f"t{n}"))
    days = [bucket.day for bucket in row.facts.buckets]
    assert min(days) >= ms(199) // 86_400_000 - 90
    assert row.facts.totals is not None
    assert row.facts.totals.tickets == 150


# Answers, reviews, profile, override, merge


def test_the_30_latest_answers_are_kept_and_the_latest_of_each_kind() -> None:
    facts: list[ContactFact] = [
        answer(0, 3, "nps"),
        answer(1, 3, "ces"),
        *[answer(2 + n, 3, "csat") for n in range(40)],
    ]
    for row in (Row(*facts), Row(*reversed(facts))):
        kinds = [one.kind for one in row.facts.answers]
        assert (kinds[0], kinds[1], len(kinds)) == (NPS, CES, 32)


def test_an_answer_counts_once_as_it_was_last_sent() -> None:
    facts: list[ContactFact] = [answer(0, 3, answer="a"), answer(0, 3, answer="a"), answer(1, 8, answer="a")]
    for row in (Row(*facts), Row(*reversed(facts))):
        assert [one.share for one in row.facts.answers] == [0.8]


def test_satisfaction_that_left_the_list_is_kept_by_day() -> None:
    row = Row(*[answer(n, 5, "csat", (1, 5)) for n in range(35)])
    assert row.facts.totals is not None
    assert row.facts.totals.answers == 5
    assert [(bucket.answers, bucket.answer_shares) for bucket in row.facts.buckets] == [(1, 1.0)] * 5


def test_the_latest_review_of_each_site_is_kept() -> None:
    row = Row(review(2, "g2", 4), review(1, "g2", 1), review(0, "capterra", 5))
    assert [(one.site, one.share) for one in row.facts.reviews] == [("capterra", 1.0), ("g2", 0.8)]


def test_a_profile_is_the_whole_of_it_and_the_latest_counts() -> None:
    row = Row(profile(2, account="new", role="buyer"), profile(1, account="old", csm="carol"))
    assert row.facts.profile is not None
    assert (row.facts.profile.account, row.facts.profile.csm, row.facts.profile.role) == ("new", None, "buyer")


def test_the_latest_word_on_an_override_counts() -> None:
    facts: list[ContactFact] = [override(0, "champion"), cleared(1), override(0.5, "danger")]
    for row in (Row(*facts), Row(*reversed(facts))):
        assert row.facts.override is not None
        assert row.facts.override.band is None


def test_the_latest_merge_is_remembered() -> None:
    row = Row(merged(1, "bob"), merged(0, "eve"))
    assert row.facts.merged_into is not None
    assert row.facts.merged_into.contact == "bob"


def test_who_wrote_last_is_known_even_when_only_replies_are_sent() -> None:
    row = Row(replied(1, "t", "customer"), replied(3, "t", "agent"), message(2), replied(0, "t", "agent"))
    activity = row.facts.activity
    assert (activity.first_at, activity.last_at) == (ms(1), ms(2))
    assert (activity.customer_replied_at, activity.agent_replied_at) == (ms(1), ms(3))
