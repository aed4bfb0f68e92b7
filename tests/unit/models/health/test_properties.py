"""What holds for any facts in any order (issue: the default model; 8-log-and-state, "What a row holds")."""

from collections.abc import Callable
from random import Random

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.health.assess import assess, look_ahead, measure
from models.health.daily import audit
from models.health.model import DEFAULT_MODEL, HealthModel, parse_model
from models.health.state import ContactState, encode
from schemas.base import from_milliseconds
from schemas.signals import ContactFact
from tests.unit.models.health import building as b
from tests.unit.models.health.building import Row

LABELS = st.sampled_from(["negative", "neutral", "positive", None])
AUTHORS = st.sampled_from(["customer", "customer", "agent", "bot", "system"])
# Whole hours on few days, so that times tie and ids repeat.
TIMES = st.integers(0, 40 * 24).map(lambda hours: hours / 24)
IDS = st.integers(0, 6).map(str)
TICKETS = st.sampled_from(["t1", "t2", "t3"])
OPTIONAL = st.sampled_from([None, "x", "y", "z", "t1"])

FACTS: st.SearchStrategy[ContactFact] = st.one_of(
    st.builds(
        lambda at, label, author, name, conversation, ticket: b.message(
            at, label, author=author, message=f"m{name}", conversation=conversation, ticket=ticket
        ),
        TIMES,
        LABELS,
        AUTHORS,
        st.integers(0, 30),
        OPTIONAL,
        st.none() | TICKETS,
    ),
    st.builds(
        lambda at, name, label: b.corrected(at, f"m{name}", label), TIMES, st.integers(0, 30), LABELS.filter(bool)
    ),
    st.builds(
        lambda at, value, kind, name: b.answer(at, value, kind, (1, 5), answer=f"a{name}"),
        TIMES,
        st.floats(1, 5),
        st.sampled_from(["nps", "csat", "star", "thumbs", "ces"]),
        IDS,
    ),
    st.builds(b.review, TIMES, st.sampled_from(["g2", "capterra"]), st.floats(0, 5)),
    st.builds(
        lambda at, t, severity: b.opened(at, t, severity=severity), TIMES, TICKETS, st.sampled_from(["low", "urgent"])
    ),
    st.builds(lambda at, t, who: b.replied(at, t, who), TIMES, TICKETS, st.sampled_from(["customer", "agent", "bot"])),
    st.builds(lambda at, t: b.solved(at, t), TIMES, TICKETS),
    st.builds(lambda at, t: b.reopened(at, t), TIMES, TICKETS),
    st.builds(lambda at, t: b.closed(at, t), TIMES, TICKETS),
    st.builds(
        lambda at, t, status, to: b.updated(at, t, status=status, contact=to, previous_contact=None),
        TIMES,
        TICKETS,
        st.sampled_from([None, "open", "pending", "on_hold", "solved", "closed"]),
        st.sampled_from(["ada", "ada", "bob"]),
    ),
    st.builds(lambda at, account, role: b.profile(at, account=account, role=role), TIMES, OPTIONAL, OPTIONAL),
    st.builds(b.override, TIMES, st.sampled_from(["champion", "danger", "needs_attention"])),
    st.builds(b.cleared, TIMES),
    st.builds(b.merged, TIMES, st.sampled_from(["bob", "eve"])),
)
MANY = st.lists(FACTS, min_size=1, max_size=40)
MODELS = [
    DEFAULT_MODEL,
    parse_model(b'{"version":"a","components":{"nps":{"weight":3},"sentiment":{"weight":0.7}}}'),
    parse_model(b'{"version":"b","components":{"csat":{"source":"mean_60d"},"nps":{"weight":60},"engagement":{}}}'),
]
DECAYING = [
    DEFAULT_MODEL,
    parse_model(b'{"version":"c","components":{"unanswered":{},"engagement":{}}}'),
    parse_model(b'{"version":"d","components":{"unanswered":{"good":1,"poor":2},"nps":{},"response_time":{}}}'),
]
thorough = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


DERIVED = {"offset", "now", "seq", "published", "closes", "at_risk_since", "alerts", "due_at", "given"}


def facts_of(row: Row) -> bytes:
    """All that a row knows, without what came of it."""
    state = row.facts
    bare = ContactState(now=0)
    for field in state.__struct_fields__:
        if field not in DERIVED:
            setattr(bare, field, getattr(state, field))
    return encode(bare)


@thorough
@given(MANY, st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_same_facts(facts: list[ContactFact], random: Random) -> None:
    shuffled = facts.copy()
    random.shuffle(shuffled)
    assert facts_of(Row(*facts)) == facts_of(Row(*shuffled))


@thorough
@given(MANY, st.randoms(use_true_random=False))
def test_a_fact_sent_again_changes_nothing(facts: list[ContactFact], random: Random) -> None:
    row, now = Row(*facts), 41.0
    row.tick(now)
    before = facts_of(row), row.facts.seq
    for fact in random.sample(facts, min(5, len(facts))):
        reaction = row.feed(fact, at=now)
        assert (reaction.score, reaction.band) == (None, None)
    assert (facts_of(row), row.facts.seq) == before


@thorough
@given(MANY, st.sampled_from(MODELS), st.floats(0, 200))
def test_contributions_sum_to_the_score_which_lies_between_0_and_100(
    facts: list[ContactFact], model: HealthModel, later: float
) -> None:
    assessed = assess(Row(*facts).facts, model, b.ms(40 + later))
    if assessed is not None:
        assert abs(sum(assessed.points.values()) - assessed.score_raw) <= 1e-9
        assert 0 <= assessed.score <= 100
        assert abs(assessed.score_raw - assessed.score) <= 0.5


@thorough
@given(MANY, st.sampled_from(MODELS))
def test_the_weight_of_missing_components_is_shared_out_in_proportion(
    facts: list[ContactFact], model: HealthModel
) -> None:
    state = Row(*facts).facts
    present = [one for one in measure(state, model, b.ms(41)) if one is not None]
    assessed = assess(state, model, b.ms(41))
    if not present:
        assert assessed is None
        return
    assert assessed is not None
    expected = 100 * sum(one.weight * one.value for one in present) / sum(one.weight for one in present)
    assert abs(assessed.score_raw - expected) <= 1e-9


@thorough
@given(MANY, st.sampled_from(MODELS), st.lists(st.floats(0, 30), min_size=40, max_size=40))
def test_each_change_is_told_in_full_and_the_records_chain(
    facts: list[ContactFact], model: HealthModel, waits: list[float]
) -> None:
    row, at, raw, seq, score = Row(model=model), 0.0, 0.0, 0, None
    for fact, wait in zip(facts, waits, strict=False):
        at += wait
        record = row.feed(fact, at=at).score
        if record is None:
            continue
        parts = [*record.change.by_decay.values(), *record.change.by_signal.values()]
        assert abs(sum(parts) - record.change.total) <= 1e-9
        assert abs(record.score_raw - raw - record.change.total) <= 1e-9
        assert abs(sum(one.points for one in record.components.values()) - record.score_raw) <= 1e-9
        assert abs(sum(one.weight for one in record.components.values()) - 1) <= 1e-9
        assert (record.seq, record.previous_score) == (seq + 1, score)
        raw, seq, score = record.score_raw, record.seq, record.score
        assert audit(row.facts, model)


@thorough
@given(MANY, st.sampled_from(MODELS), st.lists(st.floats(0, 10), min_size=40, max_size=40))
def test_what_is_published_is_what_the_facts_say_from_scratch(
    facts: list[ContactFact], model: HealthModel, waits: list[float]
) -> None:
    row, at = Row(model=model), 0.0
    for number, (fact, wait) in enumerate(zip(facts, waits, strict=False)):
        at += wait
        if number % 3:
            row.feed(fact, at=at)
        elif row.state is not None:
            row.tick(at)
        if row.state is None:
            continue
        published, now = row.facts.published, max(row.facts.now, b.ms(at))
        assessed = assess(row.facts, model, now)
        assert (published is None) == (assessed is None)
        if published is not None and assessed is not None:
            assert published.components == assessed.components
            assert (published.score, published.band) == (assessed.score, assessed.band_number)
            assert (published.trend, published.facts) == (assessed.trend_number, assessed.facts)


TALK: list[Callable[[float, str], ContactFact]] = [
    b.opened,
    b.solved,
    b.reopened,
    lambda at, ticket: b.message(at, ticket=ticket),
    lambda at, ticket: b.message(at, author="agent", ticket=ticket),
    lambda at, ticket: b.replied(at, ticket, "agent"),
]


@thorough
@given(
    st.lists(st.tuples(st.sampled_from(TALK), TICKETS, st.floats(0, 3), st.booleans()), max_size=25),
    st.sampled_from(DECAYING),
)
def test_the_last_record_says_when_silence_makes_the_score_worse(
    talk: list[tuple[Callable[[float, str], ContactFact], str, float, bool]], model: HealthModel
) -> None:
    row, at, said = Row(b.message(0), model=model), 0.0, None
    for fact, ticket, wait, ticks in talk:
        at += wait
        reactions = [row.feed(fact(at, ticket)), *([row.tick(at)] if ticks else [])]
        said = next((one.score for one in reversed(reactions) if one.score is not None), said)
        if said is not None:
            decay = look_ahead(row.facts, model, max(row.facts.now, b.ms(at))).decay
            assert said.next_decay_at == (None if decay is None else from_milliseconds(decay))


@given(st.integers(0, 10**6), st.integers(1, 10**6))
@example(609, 1000)
def test_every_share_of_a_scale_gives_the_rounded_hundredth(value: int, scale: int) -> None:
    model = MODELS[1]
    share = min(value, scale)
    assessed = Row(b.answer(0, share, scale=(0, scale)), model=model).at(0)
    exact = (200 * share + scale) // (2 * scale)
    assert assessed.score == exact
