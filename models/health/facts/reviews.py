"""Third-party reviews: the latest rating per site."""

from bisect import insort

import msgspec

from models.health.facts.sections import NOTHING, REVIEWS
from schemas.surveys import ReviewPosted

KEPT = 16


class Review(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """A rating; ordered by time, then event id. `share` is where it lies on its scale, 0..1."""

    at: int
    event_id: str
    site: str
    share: float


def add_review(reviews: list[Review], fact: ReviewPosted, at: int) -> int:
    """Keep the latest review of each site, and of those the 16 latest. Returns the sections that changed."""
    share = (fact.value - fact.scale_min) / (fact.scale_max - fact.scale_min)
    new = Review(at, fact.event_id, fact.site, share)
    for index, old in enumerate(reviews):
        if old.site == new.site:
            if new <= old:
                return NOTHING
            del reviews[index]
            break
    insort(reviews, new)
    if len(reviews) > KEPT and reviews.pop(0) is new:
        return NOTHING
    return REVIEWS
