"""A factor on its own, and facts of every kind, for tests of any component."""

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from models.health.components.component import Component
from models.health.components.registry import COMPONENTS
from models.health.model import HealthModel, parse_model
from models.health.state import ContactState, Measured
from schemas.base import from_milliseconds
from schemas.signals import ContactFact
from tests.unit.models.health import building as b
from tests.unit.models.health.building import Row
from tests.unit.models.health.test_properties import AUTHORS, FACTS, LABELS

brief = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TIMES = st.integers(0, 120 * 12).map(lambda hours: hours / 12)
TICKETS = st.integers(0, 11).map("ticket-{}".format)
SEVERITIES = st.sampled_from(["low", "normal", "high", "urgent"])
TONES = st.sampled_from([(), ("frustrated",), ("sad", "confused"), ("happy",)])


def _ticket(at: float, ticket: str, severity: str, response: float, solution: float) -> ContactFact:
    """A ticket as a helpdesk's export tells it: all of its times in one fact."""
    times = {"opened_at": at, "first_responded_at": at + response, "solved_at": at + solution}
    more = {name: from_milliseconds(b.ms(days)) for name, days in times.items()}
    return b.updated(at + solution, ticket, severity=severity, status="solved", **more)


MORE_FACTS: st.SearchStrategy[ContactFact] = st.one_of(
    FACTS,
    st.builds(lambda at, t, severity: b.opened(at, t, severity=severity), TIMES, TICKETS, SEVERITIES),
    st.builds(lambda at, t: b.opened(at, t, opened_by="agent"), TIMES, TICKETS),
    st.builds(_ticket, TIMES, TICKETS, SEVERITIES, st.floats(0, 3), st.floats(0, 30)),
    st.builds(lambda at, t: b.reopened(at, t, reopened_by="agent"), TIMES, TICKETS),
    st.builds(lambda at, t: b.solved(at, t), TIMES, TICKETS),
    st.builds(lambda at, t, who: b.replied(at, t, who), TIMES, TICKETS, st.sampled_from(["customer", "agent"])),
    st.builds(
        lambda at, label, author, ticket, tones: b.message(
            at, label, author=author, message=f"x{at}", ticket=ticket, tones=tones if author == "customer" else ()
        ),
        TIMES,
        LABELS,
        AUTHORS,
        st.none() | TICKETS,
        TONES,
    ),
    st.builds(lambda at, value: b.answer(at, value, "csat", (1, 5)), TIMES, st.integers(1, 5)),
    st.builds(lambda at, value: b.answer(at, value, "ces", (1, 7)), TIMES, st.integers(1, 7)),
    st.builds(
        lambda at, since: b.profile(at, customer_since=since if since is None else from_milliseconds(b.ms(since))),
        TIMES,
        st.none() | st.floats(-900, 100),
    ),
)
HISTORIES = st.lists(MORE_FACTS, min_size=1, max_size=40)


def crowd() -> list[ContactFact]:
    """More tickets and answers than a row lists, so that it has buckets."""
    facts: list[ContactFact] = []
    for number in range(70):
        at = number * 0.9
        facts.append(b.opened(at, f"old-{number}", severity="high" if number % 3 else "low"))
        facts.append(b.replied(at + 0.1, f"old-{number}", "agent"))
        facts.append(b.solved(at + 0.5, f"old-{number}"))
        facts.append(b.answer(at, number % 5 + 1, "csat", (1, 5), answer=f"old-{number}"))
    return facts


def factor(name: str, **parameters: object) -> Component:
    """A factor as a tenant's document sets it."""
    return model(**{name: parameters}).components[0]


def model(**components: dict[str, object]) -> HealthModel:
    """A published model of these components."""
    return parse_model(msgspec.json.encode({"version": "factors", "components": components}))


EVERYTHING = model(**{name: {"weight": 10} for name in COMPONENTS})
"""All components at once."""


def measured(name: str, days: float, *facts: ContactFact, **parameters: object) -> Measured | None:
    """What a factor makes of these facts at a time."""
    state = Row(*facts).facts if facts else ContactState()
    return factor(name, **parameters).measure(state, b.ms(days))


def value(name: str, days: float, *facts: ContactFact, **parameters: object) -> float | None:
    """Its value."""
    found = measured(name, days, *facts, **parameters)
    return None if found is None else found.value
