"""The oracle against cases computed by hand from the specification."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from schemas.base import from_milliseconds
from schemas.control import ContactErased, ContactRestored, OverrideCleared, OverrideSet, SentimentCorrected
from schemas.messages import MessageClassified
from schemas.signals import Tick
from schemas.surveys import SurveyAnswered
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketSolved, TicketUpdated
from tests.oracle.contact import OracleContact
from tests.oracle.log import Entry, run_oracle

DAY = 86_400_000
START = 20_000 * DAY


class Story:
    """Tells the oracle what happened to ann: times in days after the start."""

    def __init__(self) -> None:
        self.oracle = OracleContact("default", "ann")
        self._number = 0

    def tell(self, event: type[Any], day: float = 0, log_day: float | None = None, **facts: Any) -> None:
        self._number += 1
        facts = {"event_id": f"e{self._number:03}", "contact": "ann", **facts}
        at = START + round(day * DAY)
        self.oracle.feed(
            at if log_day is None else START + round(log_day * DAY), event(occurred_at=from_milliseconds(at), **facts)
        )

    def answer(self, kind: str, value: float, low: float = 1, high: float = 5, day: float = 0, **facts: Any) -> None:
        self.tell(SurveyAnswered, day, kind=kind, value=value, scale_min=low, scale_max=high, **facts)

    def message(self, label: str | None, day: float = 0, **facts: Any) -> None:
        facts = {"message": f"m{self._number}", "author": "customer", **facts}
        self.tell(MessageClassified, day, label=label, **facts)

    def tick(self, day: float) -> None:
        at = START + round(day * DAY)
        self.oracle.tick(from_milliseconds(at).date().isoformat(), at)

    @property
    def said(self) -> Any:
        assert self.oracle.published
        return self.oracle.published[-1].said


@pytest.fixture
def ann() -> Story:
    return Story()


def test_without_data_there_is_no_score(ann: Story) -> None:
    ann.tell(TicketOpened, ticket="1", opened_by="agent")
    assert ann.oracle.published == []
    assert ann.oracle.final() is None


def test_four_components_count_a_quarter_each(ann: Story) -> None:
    ann.answer("nps", 9, 0, 10)
    ann.answer("csat", 4)
    ann.message("positive", conversation="a")
    ann.message("negative", conversation="a")
    assert ann.said.points() == {
        "nps": Fraction(45, 2), "csat": Fraction(75, 4), "sentiment": Fraction(25, 2), "engagement": 25,
    }  # fmt: skip
    assert (ann.said.score_raw, ann.said.score, ann.said.band) == (Fraction(315, 4), 79, "healthy")
    assert (ann.said.coverage, ann.said.confidence, ann.said.facts) == (1, "low", 4)


def test_the_weight_of_what_is_missing_falls_to_the_others(ann: Story) -> None:
    ann.answer("thumbs", 0, 0, 1)
    assert ann.said.points() == {"csat": 0, "engagement": 50}
    assert (ann.said.score, ann.said.band, ann.said.coverage) == (50, "needs_attention", Fraction(1, 2))


@pytest.mark.parametrize(
    ("nps", "score", "band"),
    [(0, 50, "needs_attention"), (2.2, 61, "healthy"), (2.1, 61, "healthy"), (2, 60, "needs_attention"),
     (6, 80, "healthy"), (6.1, 81, "champion"), (10, 100, "champion")],
)  # fmt: skip
def test_half_a_point_rounds_up_and_the_band_is_read_off_the_rounded_score(
    ann: Story, nps: float, score: int, band: str
) -> None:
    ann.answer("nps", nps, 0, 10)
    assert (ann.said.score, ann.said.band) == (score, band)


@pytest.mark.parametrize(
    ("age", "value"),
    [(0, 1), (7, 1), (7.0001, 0.8), (14, 0.8), (30, 0.6), (30.0001, 0.4), (60, 0.4), (90, 0.2), (90.0001, 0), (999, 0)],
)
def test_engagement_goes_down_in_steps(ann: Story, age: float, value: float) -> None:
    ann.answer("nps", 10, 0, 10)
    final = ann.oracle.final(START + round(age * DAY))
    assert final is not None
    assert float(final.components["engagement"].value) == value


def test_the_next_step_and_the_score_after_it_are_told(ann: Story) -> None:
    ann.answer("nps", 10, 0, 10)
    assert ann.said.next_decay_at == START + 7 * DAY + 1
    assert ann.said.score_if_silent == 90


def test_only_the_last_five_conversations_count(ann: Story) -> None:
    ann.message("negative", day=0, conversation="old")
    for day in range(1, 6):
        ann.message("positive", day=day, conversation=f"c{day}")
    assert ann.said.components["sentiment"].value == 1
    ann.message("negative", day=6, conversation="c1")
    assert ann.said.components["sentiment"].value == Fraction(9, 10)
    assert ann.said.components["sentiment"].observations == 6


def test_messages_without_a_conversation_belong_to_their_ticket_or_their_day(ann: Story) -> None:
    ann.message("negative", day=0.1)
    ann.message("negative", day=0.2)
    ann.message("positive", day=1.1)
    ann.message("positive", day=0.3, ticket="t")
    assert ann.said.components["sentiment"].value == Fraction(2, 3)


def test_agents_and_messages_without_a_label_say_nothing(ann: Story) -> None:
    ann.message("positive")
    ann.message(None)
    ann.message("negative", author="agent")
    assert ann.said.components["sentiment"].value == 1


def test_a_correction_may_come_before_its_message(ann: Story) -> None:
    ann.tell(SentimentCorrected, message="m9", label="positive", author="agent1")
    ann.message("negative", message="m9")
    assert ann.said.components["sentiment"].value == 1


def test_a_late_answer_does_not_replace_a_newer_one(ann: Story) -> None:
    ann.answer("nps", 10, 0, 10, day=5)
    ann.answer("nps", 0, 0, 10, day=3, log_day=6)
    assert ann.said.components["nps"].value == 1


def test_a_repeated_fact_is_not_told_again(ann: Story) -> None:
    for _ in range(3):
        ann.answer("nps", 10, 0, 10, event_id="same", answer="a1")
    assert len(ann.oracle.published) == 1


def test_a_change_is_split_into_what_time_did_and_what_the_signal_did(ann: Story) -> None:
    ann.answer("csat", 1)
    ann.answer("csat", 5, day=10)
    change = ann.oracle.published[-1]
    assert change.by_decay == {"engagement": -10}
    assert change.by_signal == {"csat": 50, "engagement": 10}
    assert change.total == 50
    assert change.cause == ("survey.answered", "e002")
    assert change.previous_score == 50


def test_an_agents_message_a_week_later_tells_a_decay(ann: Story) -> None:
    ann.answer("csat", 5)
    ann.message(None, day=8, author="agent")
    change = ann.oracle.published[-1]
    assert change.by_decay == {"engagement": -10}
    assert change.by_signal == {}


def test_the_tick_tells_a_decay_once_and_closes_the_day_when_it_differs(ann: Story) -> None:
    ann.answer("csat", 5)
    for day in range(1, 10):
        ann.tick(day)
    (decay,) = ann.oracle.published[1:]
    assert (decay.cause, decay.at) == (("recompute", None), START + 8 * DAY)
    assert decay.by_decay == {"engagement": -10}
    assert decay.said.trend == "declining"
    assert [(close.score, close.at) for close in ann.oracle.closes] == [(100, START + DAY), (90, START + 8 * DAY)]


def test_the_trend_is_against_the_close_a_week_ago(ann: Story) -> None:
    ann.answer("csat", 5)
    assert ann.said.trend == "insufficient_history"
    ann.tick(1)
    ann.answer("csat", 1, day=7.9)
    assert ann.said.trend == "insufficient_history"
    ann.answer("csat", 2, day=8)
    assert ann.said.trend == "declining"
    ann.answer("csat", 4.8, day=8.1)
    assert (ann.said.score, ann.said.trend) == (98, "stable")


def test_an_override_shows_its_band_beside_the_truth_until_it_ends(ann: Story) -> None:
    ann.answer("csat", 5)
    expires = from_milliseconds(START + 2 * DAY)
    ann.tell(OverrideSet, 1, band="danger", reason="angry call", author="csm", expires_at=expires)
    assert (ann.said.band, ann.said.computed_band, ann.said.score) == ("at_risk", "champion", 100)
    assert ann.oracle.published[-1].cause == ("override", None)
    ann.tick(2)
    assert ann.said.band == "champion"
    assert [change.direction for change in ann.oracle.band_changes] == ["initial", "declined", "improved"]


def test_an_override_can_be_taken_back(ann: Story) -> None:
    ann.answer("csat", 5)
    ann.tell(OverrideSet, 1, band="at_risk", reason="angry call", author="csm")
    ann.tell(OverrideCleared, 2, author="csm")
    assert ann.said.band == "champion"


def test_an_erased_contact_is_forgotten_until_it_is_restored_and_what_was_before_stays_so(ann: Story) -> None:
    ann.answer("csat", 5)
    ann.tell(ContactErased, 1)
    ann.answer("csat", 5, day=2)
    assert ann.oracle.final() is None
    assert ann.oracle.tombstones == [START + DAY]
    ann.tell(ContactRestored, 3)
    ann.answer("csat", 5, day=0.5, log_day=4)
    assert ann.oracle.final() is None
    ann.answer("csat", 1, day=5)
    assert [published.seq for published in ann.oracle.published] == [1, 2]
    assert ann.oracle.published[-1].previous_score is None
    assert ann.oracle.band_changes[-1].direction == "initial"


def test_tickets_count_as_facts_while_they_are_the_contacts_own(ann: Story) -> None:
    ann.tell(TicketOpened, ticket="1")
    ann.tell(TicketSolved, 1, ticket="1")
    ann.tell(TicketClosed, 2, ticket="1")
    assert (ann.said.facts, ann.said.components["engagement"].last_at) == (1, START)
    ann.tell(TicketReopened, 3, ticket="1")
    assert ann.said.components["engagement"].last_at == START + 3 * DAY
    ann.tell(TicketUpdated, 4, ticket="1", contact="bob", previous_contact="ann")
    assert ann.said.facts == 0
    ann.tell(TicketUpdated, 3.5, log_day=5, ticket="1", status="pending")
    assert ann.said.facts == 0, "an older word does not bring it back"


def test_evidence_is_low_medium_or_high(ann: Story) -> None:
    seen = []
    for day in range(15):
        ann.message("neutral", day=day)
        seen.append(ann.said.confidence)
    assert seen == ["low"] * 4 + ["medium"] * 10 + ["high"]


def test_a_log_is_read_in_its_order_and_a_day_is_closed_once() -> None:
    answer = SurveyAnswered(
        event_id="e",
        occurred_at=from_milliseconds(START),
        contact="ann",
        kind="csat",
        value=5,
        scale_min=1,
        scale_max=5,
    )
    day = date(1970, 1, 1) + timedelta(days=20_001)
    log = [
        Entry(START, ("default", "a"), answer),
        Entry(START + DAY, None, Tick(day=day)),
        Entry(START + 9 * DAY, None, Tick(day=day)),
    ]
    (ann,) = run_oracle(log).values()
    assert len(ann.published) == len(ann.closes) == 1
