"""More of what is bad never raises the value of the factor that measures it (2-scoring §3)."""

from hypothesis import given
from hypothesis import strategies as st

from models.health.assess import assess
from models.health.model import DEFAULT_MODEL
from schemas.base import SurveyKind, from_milliseconds
from schemas.signals import ContactFact
from tests.unit.models.health import building as b
from tests.unit.models.health.building import Row
from tests.unit.models.health.components.measuring import HISTORIES, SEVERITIES, brief, value

NOW = 130.0
RECENT = st.floats(121, 129)
SHARES = st.floats(0, 1)
LEVELS = ("low", "normal", "high", "urgent")


def falls(name: str, better: list[ContactFact], worse: list[ContactFact], **parameters: object) -> None:
    """The value with the worse facts is not above that with the better ones (a missing one says nothing)."""
    one, other = value(name, NOW, *better, **parameters), value(name, NOW, *worse, **parameters)
    if one is not None:
        assert other is not None
        assert other <= one + 1e-12


@brief
@given(HISTORIES, RECENT, st.sampled_from(["csat", "star"]), st.floats(1, 5), st.floats(1, 5))
def test_a_worse_csat_never_raises_csat_mean(
    facts: list[ContactFact], at: float, kind: SurveyKind, one: float, other: float
) -> None:
    better, worse = (b.answer(at, stars, kind, (1, 5), event="new") for stars in (max(one, other), min(one, other)))
    falls("csat_mean", [*facts, better], [*facts, worse])


FORMS: tuple[tuple[SurveyKind, tuple[float, float]], ...] = (
    ("csat", (1, 5)),
    ("csat", (0, 20)),
    ("star", (1, 5)),
    ("star", (0, 10)),
    ("thumbs", (0, 1)),
)


def satisfied(at: float, share: float, form: tuple[SurveyKind, tuple[float, float]]) -> ContactFact:
    """An answer at this share of its scale: a thumb is up or down."""
    kind, (low, high) = form
    return b.answer(at, low + (round(share) if kind == "thumbs" else share) * (high - low), kind, form[1], event="new")


@brief
@given(HISTORIES, RECENT, st.tuples(SHARES, SHARES), st.sampled_from(FORMS), st.sampled_from(FORMS))
def test_a_worse_csat_star_or_thumb_of_any_scale_raises_neither_csat_nor_the_score_of_the_default_model(
    facts: list[ContactFact],
    at: float,
    shares: tuple[float, float],
    one: tuple[SurveyKind, tuple[float, float]],
    other: tuple[SurveyKind, tuple[float, float]],
) -> None:
    answers = satisfied(at, shares[0], one), satisfied(at, shares[1], other)
    worse, better = sorted(answers, key=lambda answer: value("csat", NOW, answer) or 0.0)
    falls("csat", [*facts, better], [*facts, worse])
    falls("csat", [*facts, better], [*facts, worse], source="mean_60d")
    before, after = (assess(Row(*facts, answer).facts, DEFAULT_MODEL, b.ms(NOW)) for answer in (better, worse))
    assert (before is None) == (after is None), "a contact that is merged has none"
    if before is not None and after is not None:
        assert after.score_raw <= before.score_raw + 1e-9
        assert after.score <= before.score


def test_a_thumb_down_a_star_and_a_low_grade_lower_the_score_of_the_default_model() -> None:
    """So that "never raises" is not true of a component that never moves."""
    facts = [b.answer(120, 8), b.message(121)]
    for form in FORMS:
        worse, middle, better = (Row(*facts, satisfied(125, share, form)).at(NOW) for share in (0, 0.5, 1))
        assert worse.score <= middle.score <= better.score
        assert better.score - worse.score == 25


@brief
@given(HISTORIES, RECENT, st.floats(1, 7), st.floats(1, 7))
def test_a_worse_effort_score_never_raises_ces(facts: list[ContactFact], at: float, one: float, other: float) -> None:
    better, worse = (b.answer(at, ease, "ces", (1, 7), event="new") for ease in (max(one, other), min(one, other)))
    falls("ces", [*facts, better], [*facts, worse])


@brief
@given(HISTORIES, RECENT, st.floats(0, 5), st.floats(0, 5))
def test_a_worse_review_never_raises_reviews(facts: list[ContactFact], at: float, one: float, other: float) -> None:
    better, worse = (b.review(at, "g2", stars, event="new") for stars in (max(one, other), min(one, other)))
    falls("reviews", [*facts, better], [*facts, worse])


@brief
@given(HISTORIES, RECENT, SEVERITIES)
def test_one_more_ticket_never_raises_open_tickets_ticket_count_or_ticket_trend(
    facts: list[ContactFact], at: float, severity: str
) -> None:
    more = [*facts, b.opened(at, "new", severity=severity)]
    falls("open_tickets", facts, more)
    falls("ticket_count", facts, more)
    falls("ticket_count", facts, more, window_days=None)
    falls("ticket_trend", facts, more)


@brief
@given(HISTORIES, RECENT)
def test_one_more_urgent_ticket_never_improves_severity_or_its_trend(facts: list[ContactFact], at: float) -> None:
    more = [*facts, b.opened(at, "new", severity="urgent")]
    falls("severity", facts, more)
    falls("severity_trend", facts, more, good=-3, poor=3)


@brief
@given(HISTORIES, RECENT, st.integers(0, 3), st.integers(0, 3))
def test_a_more_severe_ticket_never_improves_severity_or_its_trend(
    facts: list[ContactFact], at: float, one: int, other: int
) -> None:
    mild, severe = (b.opened(at, "new", severity=LEVELS[level]) for level in sorted((one, other)))
    falls("severity", [*facts, mild], [*facts, severe])
    falls("severity_trend", [*facts, mild], [*facts, severe], good=-3, poor=3)


@brief
@given(HISTORIES, RECENT, st.floats(0, 30), st.floats(0, 30))
def test_a_later_response_or_solution_is_never_better(
    facts: list[ContactFact], at: float, one: float, other: float
) -> None:
    def handled(days: float) -> list[ContactFact]:
        opened_at, then = from_milliseconds(b.ms(at - days)), from_milliseconds(b.ms(at))
        times = {"opened_at": opened_at, "first_responded_at": then, "solved_at": then}
        return [*facts, b.updated(at, "new", event="new", status="solved", **times)]

    quick, slow = handled(min(one, other)), handled(max(one, other))
    for statistic in ("mean", "median"):
        falls("response_time", quick, slow, statistic=statistic)
    falls("resolution_time", quick, slow)


@brief
@given(HISTORIES, RECENT)
def test_a_frustrated_message_is_never_better_than_a_calm_one(facts: list[ContactFact], at: float) -> None:
    calm, upset = (b.message(at, "neutral", message="new", tones=tones) for tones in ((), ("frustrated",)))
    falls("tone", [*facts, calm], [*facts, upset])


@brief
@given(HISTORIES, RECENT, st.integers(1, 11))
def test_one_more_message_on_a_ticket_of_the_window_never_raises_interactions_per_ticket(
    facts: list[ContactFact], at: float, ticket: int
) -> None:
    known = [*facts, b.opened(120, f"ticket-{ticket}"), b.replied(120, f"ticket-{ticket}", "agent", event="first")]
    falls("interactions_per_ticket", known, [*known, b.message(at, message="new", ticket=f"ticket-{ticket}")])


@brief
@given(HISTORIES, st.floats(0, 100), st.floats(0, 100))
def test_a_longer_wait_never_raises_unanswered_and_a_longer_tenure_never_lowers_tenure(
    facts: list[ContactFact], one: float, other: float
) -> None:
    sooner, later = sorted((one, other))
    before, after = (value("unanswered", NOW + days, *facts) for days in (sooner, later))
    if before is not None:
        assert after is not None
        assert after <= before
    before, after = (value("tenure", NOW + days, *facts) for days in (sooner, later))
    if before is not None:
        assert after is not None
        assert after >= before


@brief
@given(st.integers(1, 14), st.integers(1, 14))
def test_support_load_rises_to_the_good_range_and_falls_after_it(one: int, other: int) -> None:
    def load(count: int) -> float:
        found = value("support_load", NOW, *[b.opened(120 + n / 10, f"t{n}") for n in range(count)])
        assert found is not None
        return found

    fewer, more = sorted((one, other))
    if fewer >= 4:
        assert load(more) <= load(fewer)
    assert load(fewer) > 0 or fewer >= 10
