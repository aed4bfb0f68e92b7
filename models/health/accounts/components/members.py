"""`members`: how the account's contacts are."""

from models.health.accounts.components.component import AccountComponent, Facts
from models.health.accounts.sums import mean, scored
from models.health.components.component import Weight
from models.health.state import Measured


class Members(AccountComponent, frozen=True, kw_only=True):
    """The mean of the contacts' scores, each weighing by its confidence: low 1, medium 2, high 3. No value while none
    has a score.
    """

    name = "members"
    code = 1
    grades = False

    weight: Weight = 60

    def measure(self, facts: Facts, now: int) -> Measured | None:
        """The mean as a share of 100; dated by the latest change of a score."""
        score = mean(facts.members)
        return None if score is None else self.measured(score / 100, scored(facts.members), facts.moved_at)
