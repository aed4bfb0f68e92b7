"""`nps`: the latest NPS answer, on its scale."""

from models.health.components.component import Component
from models.health.facts.answers import NPS, latest
from models.health.facts.sections import ANSWERS
from models.health.state import ContactState, Measured

_NPS = frozenset((NPS,))


class Nps(Component, frozen=True, kw_only=True):
    """The latest NPS answer divided by 10 (an answer on another scale than 0..10 counts by its share of that scale)."""

    name = "nps"
    code = 1
    reads = ANSWERS

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The latest answer."""
        answer = latest(state.answers, _NPS)
        return None if answer is None else self.measured(answer.share, 1, answer.at)
