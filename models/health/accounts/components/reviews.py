"""`reviews`: what the account says of us on third-party sites."""

from models.health.accounts.components.component import AccountFactor, Facts
from models.health.state import Measured


class AccountReviews(AccountFactor, frozen=True, kw_only=True):
    """Measure: the mean of the latest rating per site in the account's own name, by its share of the scale. By default
    0.75 is good and 0.4 is poor. No value without a review. Source: 001.
    """

    name = "reviews"
    code = 6

    good: float = 0.75
    poor: float = 0.4

    def measure(self, facts: Facts, now: int) -> Measured | None:
        """The mean; dated by the latest review."""
        reviews = facts.own.reviews
        if not reviews:
            return None
        return self.rated(sum(review.share for review in reviews) / len(reviews), len(reviews), reviews[-1].at)
