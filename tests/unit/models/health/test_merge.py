"""Merging (2-scoring §8; 8-log-and-state, "Merge and erasure")."""

import msgspec

from models.health.facts.messages import messages
from models.health.facts.tickets import tickets_here
from models.health.fold import PartitionFold, Subject
from models.health.merge import MAX_HOPS
from models.health.reaction import Gone, Reaction
from models.health.state import ContactState, decode
from schemas.base import to_milliseconds
from schemas.control import ContactMerged
from schemas.profiles import ContactUpdated
from schemas.signals import ContactAbsorbed, ContactFact, Signal
from schemas.tickets import TicketUpdated
from tests.unit.models.health.building import answer, corrected, erased, message, opened, profile, restored, solved


class Desk:
    """The contacts of a tenant in one partition. What is passed on is folded next, as in the log."""

    def __init__(self) -> None:
        self.fold = PartitionFold()
        self.rows: dict[str, ContactState] = {}
        self.reactions: dict[str, list[Reaction]] = {}
        self.log: list[tuple[str, Signal]] = []

    def tell(self, contact: str, fact: ContactFact) -> None:
        self.write(contact, Signal(at=to_milliseconds(fact.occurred_at), fact=named(fact, contact)))

    def write(self, contact: str, signal: Signal) -> None:
        self.log.append((contact, signal))
        row, reactions = self.fold.signal(len(self.log), Subject("acme", contact), self.rows.get(contact), signal)
        assert row is not None
        self.rows[contact] = row
        self.reactions.setdefault(contact, []).extend(reactions)
        for reaction in reactions:
            if reaction.gone is not None and reaction.gone.forward is not None:
                self.write(reaction.gone.forward.contact, reaction.gone.forward.signal)

    def merge(self, contact: str, into: str, days: float) -> None:
        self.tell(contact, ContactMerged(**base(days, contact), into=into))

    def last(self, contact: str) -> Reaction:
        return self.reactions[contact][-1]


def base(days: float, contact: str) -> dict[str, object]:
    fact = erased(days, event=f"merge-{contact}-{days}")
    return {"event_id": fact.event_id, "occurred_at": fact.occurred_at, "tenant": "acme", "contact": contact}


def named(fact: ContactFact, contact: str) -> ContactFact:
    return fact if isinstance(fact, TicketUpdated) else msgspec.structs.replace(fact, contact=contact)


def facts(row: ContactState) -> tuple[object, ...]:
    return (row.activity, row.messages, row.tickets, row.answers, row.profile, row.reviews, row.corrections)


def test_the_new_contact_has_the_facts_of_both_and_the_old_one_none() -> None:
    desk, alone = Desk(), Desk()
    for contact, fact in (
        ("old", message(0, "positive")), ("old", opened(1, "t1")), ("old", profile(1, account="a")),
        ("new", message(2, "negative")), ("new", answer(3, 9)),
    ):  # fmt: skip
        desk.tell(contact, fact)
        alone.tell("new", fact)
    desk.merge("old", "new", 4)
    assert facts(desk.rows["new"]) == facts(alone.rows["new"])
    assert facts(desk.rows["old"]) == facts(ContactState())
    assert desk.last("old").tombstone
    record = desk.last("new").score
    assert record is not None
    assert record.cause.type == "contact.absorbed"
    assert record.account == "a"


def test_what_the_old_contact_gave_its_account_is_not_handed_over() -> None:
    desk = Desk()
    desk.tell("old", profile(0, account="a"))
    desk.tell("old", message(1, "positive"))
    assert desk.rows["old"].given is not None
    desk.merge("old", "new", 2)
    absorbed = next(signal.fact for _, signal in desk.log if isinstance(signal.fact, ContactAbsorbed))
    assert decode(absorbed.facts).given is None
    assert desk.rows["old"].given is None


def test_what_is_known_to_both_counts_once() -> None:
    desk = Desk()
    for contact in ("old", "new"):
        desk.tell(contact, message(0, "positive"))
        desk.tell(contact, opened(1, "t1"))
        desk.tell(contact, answer(2, 9))
    desk.merge("old", "new", 3)
    row = desk.rows["new"]
    assert (len(list(messages(row.messages))), tickets_here(row.tickets), len(row.answers)) == (1, 1, 1)


def test_later_facts_of_the_old_contact_are_the_new_ones() -> None:
    desk = Desk()
    desk.tell("old", message(0, "positive"))
    desk.merge("old", "new", 1)
    desk.tell("old", message(2, "negative"))
    desk.tell("old", solved(2, "t1"))
    assert desk.last("old").score is None
    assert len(list(messages(desk.rows["new"].messages))) == 2
    assert tickets_here(desk.rows["new"].tickets) == 1


def test_a_ticket_that_went_from_one_name_to_the_other_stays() -> None:
    desk = Desk()
    desk.tell("old", opened(0, "t1"))
    moved = TicketUpdated(**base(1, "new") | {"event_id": "moved"}, ticket="t1", previous_contact="old")
    desk.tell("old", moved)
    desk.tell("new", moved)
    desk.merge("old", "new", 2)
    assert tickets_here(desk.rows["new"].tickets) == 1
    back = TicketUpdated(**base(3, "old") | {"event_id": "back"}, ticket="t1", previous_contact="new")
    desk.tell("new", back)
    desk.tell("old", back)
    assert tickets_here(desk.rows["new"].tickets) == 1


def test_what_was_counted_without_being_listed_is_added_up() -> None:
    desk = Desk()
    for contact, first in (("old", 0), ("new", 100)):
        for number in range(60):
            desk.tell(contact, opened(number / 100, f"t{first + number}"))
            desk.tell(contact, solved(number / 100 + 0.001, f"t{first + number}"))
    desk.merge("old", "new", 2)
    row = desk.rows["new"]
    assert row.totals is not None
    assert tickets_here(row.tickets) + row.totals.tickets == 120
    assert sum(bucket.tickets for bucket in row.buckets) == row.totals.tickets


def test_a_merge_sent_again_changes_nothing() -> None:
    desk = Desk()
    desk.tell("old", message(0, "positive"))
    desk.merge("old", "new", 1)
    before, written = facts(desk.rows["new"]), len(desk.log)
    absorbed = desk.log[-1]
    desk.merge("old", "new", 1)
    desk.write(*absorbed)
    assert facts(desk.rows["new"]) == before
    assert len(desk.log) <= written + 3


def test_a_chain_of_merges_leads_to_its_end() -> None:
    desk = Desk()
    desk.tell("a", message(0, "positive"))
    desk.merge("a", "b", 1)
    desk.merge("b", "c", 2)
    desk.tell("a", message(3, "negative"))
    assert len(list(messages(desk.rows["c"].messages))) == 2
    assert set(desk.rows["c"].absorbed) == {"a", "b"}


def test_a_circle_that_got_through_ends_and_loses_nothing() -> None:
    desk = Desk()
    desk.tell("a", message(0, "positive"))
    desk.merge("a", "b", 1)
    desk.merge("b", "a", 2)
    desk.tell("a", message(3, "negative"))
    assert sum(signal.hops for _, signal in desk.log) <= 3 * MAX_HOPS * MAX_HOPS
    assert max(len(list(messages(row.messages))) for row in desk.rows.values()) == 2


def test_erasing_the_old_name_erases_the_person() -> None:
    desk = Desk()
    desk.tell("old", message(0, "positive"))
    desk.merge("old", "new", 1)
    desk.tell("old", erased(2))
    assert all(row.is_erased and facts(row) == facts(ContactState()) for row in desk.rows.values())
    gone = desk.last("new").gone
    assert gone is not None
    assert gone.receipt is not None
    assert gone.receipt.known_as == ("old",)
    desk.tell("old", restored(3))
    desk.tell("old", message(4, "positive"))
    assert desk.last("old").score is not None  # a contact of its own again


def test_a_late_fact_of_an_erased_person_is_dropped_by_whichever_name_it_comes() -> None:
    desk = Desk()
    desk.tell("old", message(0, "positive"))
    desk.merge("old", "new", 1)
    desk.tell("new", erased(2))
    for name in ("old", "new"):
        desk.tell(name, message(1.5, "negative"))
        gone = desk.last("new").gone
        assert gone is not None
        assert gone.forgotten


def gone_of(desk: Desk, contact: str) -> Gone:
    gone = desk.last(contact).gone
    assert gone is not None
    return gone


def test_what_intake_writes_under_an_aliass_name_goes_again_at_once() -> None:
    desk = Desk()
    desk.merge("old", "new", 1)
    desk.tell("old", profile(2, account="a"))
    assert (gone_of(desk, "old").named, gone_of(desk, "old").quoted) == (True, False)
    desk.tell("old", corrected(2, "m", "negative"))
    assert (gone_of(desk, "old").named, gone_of(desk, "old").quoted) == (False, True)
    for fact in (profile(2), erased(3), profile(2), profile(4), restored(5), profile(6), erased(7), profile(8)):
        desk.tell("old" if isinstance(fact, ContactUpdated) else "new", fact)
        assert gone_of(desk, "old").named, "the last that came by this name was a profile"
    assert gone_of(desk, "new").forgotten
    assert not gone_of(desk, "new").named, "it was never written under this name"


def test_what_an_erased_contact_absorbs_too_late_keeps_no_name() -> None:
    desk = Desk()
    desk.tell("oldest", profile(0))
    desk.tell("old", profile(0))
    desk.merge("oldest", "old", 1)
    desk.tell("new", erased(3))
    desk.merge("old", "new", 2)
    assert gone_of(desk, "new").erased == ("old", "oldest")
    assert gone_of(desk, "new").forgotten
