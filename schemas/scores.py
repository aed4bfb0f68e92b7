"""Records of the outputs: scores, band changes, alerts, daily closes."""

from datetime import date
from typing import Literal

import msgspec

from schemas.base import Band, EventId, Mode, Name, Record, SentimentLabel, SubjectId, TenantId, UtcTime

Trend = Literal["improving", "stable", "declining", "insufficient_history"]
Confidence = Literal["low", "medium", "high"]
Grade = Literal["good", "average", "poor"]
CauseType = Name


class Cause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What moved a score: the type and id of the signal, or `recompute`, `model_change`, `override` (without an id)."""

    type: CauseType
    id: EventId | None = None


class ComponentScore(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One component: `value` 0..1, its effective `weight` (shares of all present weights, sum 1), `points` of the score
    (they sum to `score_raw`), time of the latest observation, and how many observations stand behind it; `grade` is the
    class of a factor with thresholds: good where `value` is 1, poor where it is 0, average between.
    """

    value: float
    weight: float
    points: float
    observations: int
    last_at: UtcTime | None = None
    grade: Grade | None = None


class ScoreChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where a change of `score_raw` came from: per component, the points by passing time and those by the signal.

    All of them together sum to `total` (1e-9), which is the change of `score_raw` since the previous record (since 0
    for the first).
    """

    total: float
    by_decay: dict[str, float] = msgspec.field(default_factory=dict)
    by_signal: dict[str, float] = msgspec.field(default_factory=dict)


class OverrideInForce(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who set a band by hand, why, and when (as its event says). Without `expires_at` it holds until it is cleared."""

    author: SubjectId
    reason: str
    set_at: UtcTime
    expires_at: UtcTime | None = None


class Output(Record, frozen=True, kw_only=True, gc=False):
    """What every output carries. `seq` counts the score records of the subject; `event_id` is derived from it (UUIDv5),
    so the same under redelivery. `at` is log time.
    """

    event_id: EventId
    seq: int
    tenant: TenantId
    at: UtcTime
    mode: Mode = "live"


class ScoreUpdated(Output, frozen=True, kw_only=True, gc=False, tag="score.updated"):
    """`health.scores`: the present score of a contact and all that explains it.

    `score` is `score_raw` rounded, or less where a hard exception of the model (`capped_by`) lowers it.
    """

    contact: SubjectId
    score: int
    score_raw: float
    band: Band
    computed_band: Band
    trend: Trend
    coverage: float
    confidence: Confidence
    facts: int
    components: dict[str, ComponentScore]
    change: ScoreChange
    cause: Cause
    model: Name
    previous_score: int | None = None
    last_activity_at: UtcTime | None = None
    next_decay_at: UtcTime | None = None
    score_if_silent: int | None = None
    account: SubjectId | None = None
    csm: SubjectId | None = None
    team: SubjectId | None = None
    division: SubjectId | None = None
    segment: Name | None = None
    card_enabled: bool = True
    capped_by: Name | None = None
    override: OverrideInForce | None = None


class BandChanged(Output, frozen=True, kw_only=True, gc=False, tag="band.changed"):
    """`health.band-changes`: a contact is in another band than before (`from_band` is None for its first)."""

    contact: SubjectId
    direction: Literal["initial", "declined", "improved"]
    to_band: Band
    score: int
    cause: Cause
    from_band: Band | None = None
    previous_score: int | None = None


class AlertRaised(Output, frozen=True, kw_only=True, gc=False, tag="alert.raised"):
    """`health.alerts`: something a person should act on.

    `episode_id` ties the alert to the one that says that it is over; `first_time`: it is the first episode ever. Of a
    contact's alert `account` is the account it belongs to; an account's has no `contact`. `since` is when the condition
    began to hold; `reasons` say in words what moved it. `suppressed_count` crossings were held back before. `late`:
    what raised it had occurred more than a day before. `band` may be set by hand, `computed_band` is the score's own.
    `seats` and `renewal_at` are the account's, in its own alerts: they say who goes first.
    """

    contact: SubjectId | None = None
    account: SubjectId | None = None
    kind: Name
    episode_id: EventId
    first_time: bool
    score: int
    band: Band
    cause: Cause
    reasons: tuple[str, ...] = ()
    suppressed_count: int = 0
    late: bool = False
    previous_score: int | None = None
    computed_band: Band | None = None
    confidence: Confidence | None = None
    since: UtcTime | None = None
    seats: int | None = None
    renewal_at: UtcTime | None = None


class ScoreClosed(Output, frozen=True, kw_only=True, gc=False, tag="score.closed"):
    """`health.score-history`: a contact's score at the daily tick of `day`, when it differs from its close before.

    A day without a record closed as the latest one before it.
    """

    contact: SubjectId
    day: date
    score: int
    score_raw: float
    band: Band
    points: dict[str, float]


class TopicCleaned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """When a topic holds no more of an erased contact than its id: `after` that time, by Kafka's retention or
    compaction; without a time only after `heartline erase --rewrite`.
    """

    topic: Name
    by: Literal["retention", "compaction", "rewrite"]
    after: UtcTime | None = None


class ContactForgotten(Output, frozen=True, kw_only=True, gc=False, tag="contact.forgotten"):
    """`health.receipts`: a contact was erased. From now on nothing of it is scored or published.

    `erased_at`: what occurred until then stays forgotten. `known_as`: the contacts that were merged into it.
    """

    contact: SubjectId
    erased_at: UtcTime
    topics: tuple[TopicCleaned, ...]
    known_as: tuple[SubjectId, ...] = ()


class DayScore(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a day closed with; it holds until the next one."""

    day: date
    score: int


class PortfolioDay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a day closed with: how many accounts, how many of them with a score, and the sum of these scores."""

    day: date
    accounts: int
    scored: int = 0
    total: int = 0


class AccountScoreUpdated(Output, frozen=True, kw_only=True, gc=False, tag="account-score.updated"):
    """`health.account-scores`: the present score of an account, and what its contacts give to it.

    `members` counts its contacts, `scored` those that have a score. `mean` is of their scores, weighted by confidence
    (low 1, medium 2, high 3), `minimum` the lowest; `bands` counts the contacts in each band, and `shares` (0..1) is of
    those that have a score. `moved_by` is the contact whose score moved last. `nps` is -100..100, `csat` and `ces` are
    mean shares of the scale, 0..1; each with its number of answers. Response times are those of the last 60 days, in
    seconds; the median is exact to one part in 16. `closes` are the latest days on which the score closed otherwise.
    `override` is the one in force.
    """

    account: SubjectId
    members: int
    cause: Cause
    scored: int = 0
    score: int | None = None
    score_raw: float | None = None
    band: Band | None = None
    computed_band: Band | None = None
    trend: Trend = "insufficient_history"
    coverage: float | None = None
    components: dict[str, ComponentScore] = msgspec.field(default_factory=dict)
    model: Name | None = None
    previous_score: int | None = None
    mean: float | None = None
    minimum: int | None = None
    bands: dict[str, int] = msgspec.field(default_factory=dict)
    shares: dict[str, float] = msgspec.field(default_factory=dict)
    moved_by: SubjectId | None = None
    nps: float | None = None
    nps_answers: int = 0
    csat: float | None = None
    csat_answers: int = 0
    ces: float | None = None
    ces_answers: int = 0
    responses: int = 0
    response_mean_seconds: float | None = None
    response_median_seconds: float | None = None
    seats: int | None = None
    orders: int | None = None
    renewal_at: UtcTime | None = None
    csm: SubjectId | None = None
    team: SubjectId | None = None
    division: SubjectId | None = None
    closes: tuple[DayScore, ...] = ()
    override: OverrideInForce | None = None


class PortfolioScoreUpdated(Output, frozen=True, kw_only=True, gc=False, tag="portfolio-score.updated"):
    """`health.portfolio-scores`: the present score of a CSM's, team's, division's or organisation's accounts.

    The mean of their scores; `scored` of the `accounts` have one, and they sum to `total`. An organisation comes in 16
    parts (`organisation/0` to `organisation/15`), which readers sum: `total`, `accounts`, `scored` and `bands` are
    made for it. `closes` are the latest days that closed otherwise than
    the day before.
    """

    portfolio: Name
    accounts: int
    scored: int = 0
    total: int = 0
    score: int | None = None
    score_raw: float | None = None
    band: Band | None = None
    trend: Trend = "insufficient_history"
    bands: dict[str, int] = msgspec.field(default_factory=dict)
    closes: tuple[PortfolioDay, ...] = ()


class LabelledExample(Record, frozen=True, kw_only=True, gc=False, tag="example.labelled"):
    """`support.labelled-examples`: a message's text with the label a person gave it (off by default)."""

    event_id: EventId
    tenant: TenantId
    contact: SubjectId
    message: SubjectId
    label: SentimentLabel
    text: str
    occurred_at: UtcTime
