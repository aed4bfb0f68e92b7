"""`reviews`: what the contact says of the company on the sites of others."""

from models.health.components.factor import Factor
from models.health.facts.sections import REVIEWS
from models.health.state import ContactState, Measured


class Reviews(Factor, frozen=True, kw_only=True):
    """Measure: mean of the latest rating per site, each as its share 0..1 of the scale that it carries.

    By default 0.75 is good (four of one to five stars) and 0.4 is poor. No value without a review. Source: 001.
    """

    name = "reviews"
    code = 14
    reads = REVIEWS

    good: float = 0.75
    poor: float = 0.4

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The mean over the sites; dated by the latest review."""
        reviews = state.reviews
        if not reviews:
            return None
        return self.rated(sum(review.share for review in reviews) / len(reviews), len(reviews), reviews[-1].at)
