"""A row of state: everything Heartline knows of one contact, as it is stored and written to the changelog.

A row holds facts, in a form that no model changes, and of what was derived only what the next output needs: the last
published score and the daily closes. It is msgpack: an array whose first element is the version.
"""

import msgspec

from models.health.facts.activity import Activity
from models.health.facts.answers import Answer
from models.health.facts.buckets import Bucket, Totals
from models.health.facts.corrections import Correction
from models.health.facts.override import Override
from models.health.facts.profile import Profile
from models.health.facts.reviews import Review
from models.health.stored import row_reader

STATE_VERSION = 1
NO_OFFSET = -1


class Measured(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A component of a score: its value 0..1, its weight in the model, how many observations stand behind it, and the
    time of the latest (UTC milliseconds). `code` numbers the components (`models.health.components`).
    """

    code: int
    value: float
    weight: int | float  # as the model has it: a whole number stays one, so that a row encodes the same after a restore
    observations: int
    last_at: int


Components = list[Measured | None]
"""The components of a model in its order; None for one without data."""


class Published(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The last published score: what it was computed from, and when.

    Bands and trend are numbers (`models.health.bands`), for a row has no room for words. `changes`: how long after
    `now` (milliseconds) time alone changes each component that reads the clock, in the model's order; None: never.
    `weight`: of all that are present. `model` is the key of the model, `capped_by` the hard exception that lowered the
    score.
    """

    now: int
    model: str
    components: Components
    weight: int | float
    score_raw: float
    score: int
    band: int
    computed_band: int
    trend: int
    facts: int
    changes: list[int | None]
    capped_by: str | None = None


class AlertState(msgspec.Struct, array_like=True, gc=False):
    """Where a kind of alert stands for this contact. Times in UTC milliseconds.

    `since`: the condition holds since then (dwell); `raised_at`: last raised (cooldown); `episodes`: how often an
    episode began (its number is part of `episode_id`, and the first is the `first_time`); `suppressed`: held back
    since it was last raised; `late`: what would have raised it was late, so the next tick does. `kind` is its code
    (`models.health.alerts`); `untold`: nobody was told of the episode that lasts.
    """

    kind: int
    since: int | None = None
    raised_at: int | None = None
    active: bool = False
    episodes: int = 0
    suppressed: int = 0
    late: bool = False
    untold: bool = False


class MergedInto(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The contact is the same person as another one, by whose id it is known since `at`."""

    at: int
    event_id: str
    contact: str


class Given(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the contact gave to its account last (`schemas.signals.Contribution`); its part in the account is that of
    its profile. `shown` is score, band and confidence in one number; `tickets` and `talks` (conversations without a
    ticket) are its load. Time alone changes nothing of it before the day `until_day` (since 1970-01-01).
    """

    shown: int | None
    nps: int | None
    csat: int | None
    ces: int | None
    tickets: int
    talks: int
    responses: int
    response_seconds: int
    response_times: bytes
    until_day: int | None

    def is_due(self, now: int) -> bool:
        """Whether time alone may have changed it."""
        return self.until_day is not None and now >= self.until_day * 86_400_000


class ContactState(msgspec.Struct, array_like=True, gc=False, kw_only=True):
    """Everything known of a contact.

    `offset` is the watermark: the last entry of the log that was applied. `now` is the row's time, which never goes
    back. `messages` and `tickets` are packed (`models.health.facts`), as are `closes` (`models.health.closes`). `seq`
    counts the contact's score records, over erasure too. What occurred at or before `erased_at` stays forgotten. While
    `merged_into` names another contact the row is an alias, without facts. `absorbed`: the contacts that were merged
    into this one, each with the id of the entry that brought its facts, so that it counts once. `given` is None
    for a contact without an account. `due_at` is when something of the row ends by time alone
    (`models.health.due`), None if nothing does.
    """

    version: int = STATE_VERSION
    offset: int = NO_OFFSET
    now: int = 0
    seq: int = 0
    published: Published | None = None
    activity: Activity = msgspec.field(default_factory=Activity)
    messages: bytes = b""
    tickets: tuple[bytes, ...] = ()
    answers: list[Answer] = msgspec.field(default_factory=list)
    closes: list[bytes] = msgspec.field(default_factory=list)
    profile: Profile | None = None
    corrections: list[Correction] = msgspec.field(default_factory=list)
    reviews: list[Review] = msgspec.field(default_factory=list)
    override: Override | None = None
    alerts: list[AlertState] = msgspec.field(default_factory=list)
    at_risk_since: int | None = None
    buckets: list[Bucket] = msgspec.field(default_factory=list)
    totals: Totals | None = None
    merged_into: MergedInto | None = None
    erased_at: int | None = None
    restored_at: int | None = None
    absorbed: dict[str, str] = msgspec.field(default_factory=dict)
    given: Given | None = None
    due_at: int | None = None

    @property
    def is_erased(self) -> bool:
        """Whether the contact is to be forgotten until it is restored."""
        return self.erased_at is not None and (self.restored_at is None or self.restored_at <= self.erased_at)


_encode = msgspec.msgpack.Encoder().encode


def encode(state: ContactState) -> bytes:
    """The stored form of a row."""
    return _encode(state)


decode = row_reader(ContactState, "contact", STATE_VERSION)
"""The row of its stored form. Raises NewerStateVersion, or BadState if it is no row."""
