"""Erasure and restoration (2-scoring §8; 8-log-and-state, "Merge and erasure")."""

from models.health.facts.sections import LIFE
from models.health.reaction import Reaction
from models.health.state import ContactState, encode
from schemas.base import from_milliseconds
from tests.unit.models.health.building import Row, answer, erased, message, ms, opened, profile, restored


def known() -> Row:
    return Row(message(0, "positive"), answer(1, 7), opened(2, "t"), profile(3, account="a"))


def test_erasure_leaves_a_marker_and_no_fact() -> None:
    row = known()
    seq = row.facts.seq
    reaction = row.feed(erased(4))
    assert reaction.gone is not None
    told = Reaction(tombstone=True, tombstone_of="champion", changed=True, gone=reaction.gone, sections=LIFE)
    assert reaction == told
    assert encode(row.facts) == encode(ContactState(now=ms(4), seq=seq, erased_at=ms(4)))


def test_an_unknown_contact_can_be_erased_too() -> None:
    row = Row()
    reaction = row.feed(erased(4))
    assert (reaction.tombstone, reaction.tombstone_of) == (True, None)
    assert row.facts.is_erased


def test_a_later_event_of_an_erased_contact_is_dropped() -> None:
    row = known()
    row.feed(erased(4))
    reaction = row.feed(message(5, "positive"))
    assert reaction.score is None
    assert reaction.gone is not None
    assert reaction.gone.forgotten
    assert row.facts.messages == b""


def test_an_erasure_gives_a_receipt_that_says_when_each_topic_is_clean() -> None:
    reaction = known().feed(erased(4))
    assert reaction.gone is not None
    receipt = reaction.gone.receipt
    assert receipt is not None
    assert (receipt.contact, receipt.erased_at) == ("ada", from_milliseconds(ms(4)))
    topics = {cleaned.topic: cleaned for cleaned in receipt.topics}
    messages, scores, log = (topics[name] for name in ("support.messages", "health.scores", "health.signals"))
    assert (messages.by, messages.after) == ("retention", from_milliseconds(ms(4 + 7 + 1)))
    assert (scores.by, scores.after) == ("compaction", from_milliseconds(ms(4 + 2)))
    assert (log.by, log.after) == ("rewrite", None)


def test_what_occurred_before_the_erasure_stays_dropped_after_restoration() -> None:
    row = known()
    row.feed(erased(4))
    row.feed(restored(5))
    row.feed(message(3, "negative"), at=6)
    row.feed(message(4, "negative"), at=6)
    assert row.facts.messages == b""
    record = row.feed(message(4.5, "positive"), at=6).score
    assert record is not None
    assert record.score == 100


def test_seq_goes_on_after_erasure() -> None:
    row = known()
    seq = row.facts.seq
    row.feed(erased(4))
    row.feed(restored(5))
    record = row.feed(message(6)).score
    assert record is not None
    assert (record.seq, record.previous_score) == (seq + 1, None)


def test_an_erasure_sent_again_after_restoration_changes_nothing() -> None:
    row = known()
    row.feed(erased(4))
    row.feed(restored(5))
    row.feed(message(6))
    kept = row.facts.messages
    assert not row.feed(erased(4), at=7).tombstone
    assert row.facts.messages == kept


def test_a_restoration_of_a_contact_that_was_never_erased_says_nothing() -> None:
    row = known()
    reaction = row.feed(restored(3.5))
    assert (reaction.score, reaction.tombstone) == (None, False)
    assert row.at(4).facts == 3


def test_of_an_erasure_and_a_restoration_at_the_same_time_the_erasure_counts() -> None:
    assert Row(erased(4), restored(4)).facts.is_erased
    assert Row(restored(4), erased(4)).facts.is_erased
    assert not Row(restored(5), erased(4)).facts.is_erased


def test_an_erased_contact_has_no_close() -> None:
    row = known()
    row.feed(erased(4))
    assert row.tick(5) == Reaction()
