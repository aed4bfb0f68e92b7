"""Records of `health.signals` and `health.account-signals`: the logs that states are folded from."""

from datetime import date
from typing import Annotated, Literal

import msgspec

from schemas.base import Band, ContactEvent, Count, LogTime, Milliseconds, Mode, Number, Record, SubjectId, TenantId
from schemas.control import (
    ContactErased,
    ContactMerged,
    ContactRestored,
    ModelPublished,
    OverrideCleared,
    OverrideSet,
    SentimentCorrected,
)
from schemas.messages import MessageClassified
from schemas.profiles import AccountUpdated, ContactUpdated
from schemas.surveys import ReviewPosted, SurveyAnswered
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketReplied, TicketSolved, TicketUpdated

Portfolio = Annotated[
    str, msgspec.Meta(description="kind/id of a portfolio: kind is csm, team, division or organisation")
]

Points = Annotated[int, msgspec.Meta(ge=0, le=100)]
Parts = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=10**13)]
ResponseClass = Annotated[int, msgspec.Meta(ge=0, le=255)]


class ContactAbsorbed(ContactEvent, frozen=True, kw_only=True, gc=False, tag="contact.absorbed"):
    """All that was known of `absorbed`, who is the same person as `contact`. Written by scoring when it folds a merge.

    `facts` is a row of state without anything derived from facts (`models.health.merge`).
    """

    absorbed: SubjectId
    facts: bytes


class Clock(Record, frozen=True, kw_only=True, gc=False, tag="clock"):
    """A minute has passed: what falls due by the clock may fall due."""


class Tick(Record, frozen=True, kw_only=True, gc=False, tag="tick"):
    """The daily recompute: every contact is aged to this time and its score of `day` is closed."""

    day: date


class Contribution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one contact gives to its account. Whole numbers all, so that sums of them never drift.

    `nps`, `csat` and `ces` are the latest answers by their share of the scale, in ten-thousandths. `load` counts the
    tickets and the conversations without a ticket of the last 60 days, `responses` those tickets that were answered,
    after `response_seconds` in all; `response_times` names the class of each of them (`models.health.accounts.sums`).
    """

    score: Points | None = None
    band: Band | None = None
    confidence: Literal["low", "medium", "high"] | None = None
    nps: Parts | None = None
    csat: Parts | None = None
    ces: Parts | None = None
    load: Count = 0
    responses: Count = 0
    response_seconds: Seconds = 0
    response_times: tuple[ResponseClass, ...] = ()
    decision_maker: bool | None = None
    in_role_since: Milliseconds | None = None


class MemberContribution(Record, frozen=True, kw_only=True, gc=False, tag="member.contributed"):
    """What a contact gives to its account now, in place of what it `gave` before (None: it was no member).

    `seq` is that of the contact's latest score. `after` is the latest tick before this in the contact's log: the close
    of that day does not contain it. `absorbed`: another contact, the same person, whose facts came to this one.
    """

    tenant: TenantId
    account: SubjectId
    contact: SubjectId
    seq: Number
    gives: Contribution
    gave: Contribution | None = None
    after: date | None = None
    absorbed: SubjectId | None = None


class MemberLeft(Record, frozen=True, kw_only=True, gc=False, tag="member.left"):
    """A contact left the account, was `merged` into another one or erased: what it gave is taken back."""

    tenant: TenantId
    account: SubjectId
    contact: SubjectId
    seq: Number
    gave: Contribution
    after: date | None = None
    merged: bool = False


class Erased(Record, frozen=True, kw_only=True, gc=False, tag="erased"):
    """What stood at this offset was of an erased contact, or a mark of Kafka's: it says nothing any more."""


class TickDone(Record, frozen=True, kw_only=True, gc=False, tag="tick.done"):
    """A partition, one of `partitions`, has applied the tick of `day` to all its rows, and told what came of it."""

    day: date
    partition: Count
    partitions: Count


class MembersForgotten(Record, frozen=True, kw_only=True, gc=False, tag="members.forgotten"):
    """The stage that members come from folds its log anew: what they gave counts no more, and comes once more."""


class AccountShare(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an account gives to a portfolio: its score and its band, if it has one."""

    score: Points | None = None
    band: Band | None = None


class AccountContribution(Record, frozen=True, kw_only=True, gc=False, tag="account.contributed"):
    """What an account gives to one of its portfolios now, in place of what it `gave` before.

    `gives` is None when it left, `gave` when it came. With `closes` it is about the close of that day: what the account
    closed with, in place of its close before. `seq` is that of the account's latest score.
    """

    tenant: TenantId
    portfolio: Portfolio
    account: SubjectId
    seq: Number
    gives: AccountShare | None = None
    gave: AccountShare | None = None
    closes: date | None = None


TicketFact = TicketOpened | TicketUpdated | TicketReplied | TicketSolved | TicketReopened | TicketClosed
ContactFact = (
    TicketOpened
    | TicketUpdated
    | TicketReplied
    | TicketSolved
    | TicketReopened
    | TicketClosed
    | MessageClassified
    | SentimentCorrected
    | SurveyAnswered
    | ReviewPosted
    | ContactUpdated
    | OverrideSet
    | OverrideCleared
    | ContactErased
    | ContactRestored
    | ContactMerged
    | ContactAbsorbed
)
PartitionFact = Clock | Tick | ModelPublished | Erased
PARTITION_FACTS = (Clock, Tick, ModelPublished, Erased)
ROLLUP_PARTITION_FACTS = (Clock, Tick, ModelPublished, Erased, TickDone, MembersForgotten)
AccountFact = (
    AccountUpdated
    | ReviewPosted
    | OverrideSet
    | OverrideCleared
    | MemberContribution
    | MemberLeft
    | TickDone
    | Clock
    | Tick
    | Erased
    | ModelPublished
    | MembersForgotten
)
PortfolioFact = AccountContribution | TickDone | MembersForgotten
LoggedFact = ContactFact | PartitionFact


class LogEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What every entry of a log carries beside its fact.

    `at` is the log time, set once by the writer: the wall clock (live) or the fact's own time (import). The fold knows
    no other clock. `accepted_at` is the time at which Kafka took the source record, for measuring only. An import
    raises alerts only with `alerts`.
    """

    at: LogTime
    mode: Mode = "live"
    alerts: bool = False
    accepted_at: Milliseconds | None = None


class Signal(LogEntry, frozen=True, kw_only=True, gc=False):
    """An entry of `health.signals`: a fact about one contact (keyed `tenant/contact`), or one that concerns a whole
    partition (no key: `Clock`, `Tick`, `ModelPublished`, `Erased`). `hops`: by how many aliases it was passed on."""

    fact: LoggedFact
    hops: Count = 0


class AccountSignal(LogEntry, frozen=True, kw_only=True, gc=False):
    """An entry of `health.account-signals`, keyed `tenant/account`; partition-wide ones have no key. `remodelled`:
    another model alone made the contact say it. `late`: a fact that was late made it say it.
    """

    fact: AccountFact
    remodelled: bool = False
    late: bool = False


class PortfolioSignal(LogEntry, frozen=True, kw_only=True, gc=False):
    """An entry of `health.portfolio-signals`, keyed `tenant/kind/id`; partition-wide ones have no key."""

    fact: PortfolioFact
