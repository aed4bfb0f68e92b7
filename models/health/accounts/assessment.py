"""What an account's facts give: a score, and what explains it."""

import msgspec

from models.health.state import Components


class AccountAssessment(msgspec.Struct, frozen=True, gc=False):
    """An account's score at `now` by a model, and what explains it. Bands by their places in `BANDS`."""

    now: int
    components: Components
    weight: int | float
    score_raw: float
    score: int
    band: int
    computed_band: int
