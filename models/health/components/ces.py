"""`ces`: how easy the contact found it to get help."""

from models.health.components.factor import Factor
from models.health.facts.answers import CES, latest
from models.health.facts.sections import ANSWERS
from models.health.state import ContactState, Measured

_CES = frozenset((CES,))


class Ces(Factor, frozen=True, kw_only=True):
    """Measure: the latest customer effort score, as its share 0..1 of the scale that it carries.

    By default a high answer is a good one ("the company made it easy": 1 to 7): 0.75 is good and 0.35 is poor. Where
    a high answer means much effort, let `good` be less than `poor`. No value without an answer. Source: 004.
    """

    name = "ces"
    code = 13
    reads = ANSWERS

    good: float = 0.75
    poor: float = 0.35

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The latest answer."""
        answer = latest(state.answers, _CES)
        return None if answer is None else self.rated(answer.share, 1, answer.at)
