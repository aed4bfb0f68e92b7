"""Events of `support.surveys` and `support.reviews`."""

from schemas.base import ContactEvent, Event, Name, SubjectId, SurveyKind, check_scale


class SurveyAnswered(ContactEvent, frozen=True, kw_only=True, gc=False, tag="survey.answered"):
    """An answer to an NPS, CSAT, star, thumbs or effort question, with the scale it was given on (thumbs: 0 or 1 on
    0..1).

    `answer` is the answer's own id, by which it counts once; a source without one leaves it out and `event_id` serves.
    """

    kind: SurveyKind
    value: float
    scale_min: float
    scale_max: float
    answer: SubjectId | None = None
    ticket: SubjectId | None = None

    def __post_init__(self) -> None:
        check_scale(self.value, self.scale_min, self.scale_max)


class ReviewPosted(Event, frozen=True, kw_only=True, gc=False, tag="review.posted"):
    """A rating on a third-party site by a contact, or of an account as a whole: exactly one of the two is named."""

    site: Name
    value: float
    scale_min: float
    scale_max: float
    contact: SubjectId | None = None
    account: SubjectId | None = None

    def __post_init__(self) -> None:
        check_scale(self.value, self.scale_min, self.scale_max)
        if (self.contact is None) == (self.account is None):
            raise ValueError("exactly one of contact and account must be given")


SupportSurvey = SurveyAnswered
SupportReview = ReviewPosted
