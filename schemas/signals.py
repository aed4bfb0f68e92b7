"""Records of `health.signals` and `health.account-signals`: the logs that states are folded from."""

from datetime import date
from typing import Annotated, Literal

import msgspec

from schemas.base import Band, ContactEvent, Milliseconds, Mode, Record, SubjectId, TenantId
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


class MemberContribution(Record, frozen=True, kw_only=True, gc=False, tag="member.contributed"):
    """What a contact gives to its account now, in place of what it gave before (`seq` orders them)."""

    tenant: TenantId
    account: SubjectId
    contact: SubjectId
    seq: int
    score: int | None = None
    band: Band | None = None
    confidence: Literal["low", "medium", "high"] | None = None
    previous_score: int | None = None
    previous_confidence: Literal["low", "medium", "high"] | None = None


class MemberLeft(Record, frozen=True, kw_only=True, gc=False, tag="member.left"):
    """A contact left the account, or was erased: what it gave is taken back."""

    tenant: TenantId
    account: SubjectId
    contact: SubjectId
    seq: int
    previous_score: int | None = None
    previous_confidence: Literal["low", "medium", "high"] | None = None


class Erased(Record, frozen=True, kw_only=True, gc=False, tag="erased"):
    """What stood at this offset was of an erased contact, or a mark of Kafka's: it says nothing any more."""


class TickDone(Record, frozen=True, kw_only=True, gc=False, tag="tick.done"):
    """A partition of `health.signals` has applied the tick of `day` to all its rows."""

    day: date
    partition: int


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
)
LoggedFact = ContactFact | PartitionFact


class LogEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What every entry of a log carries beside its fact.

    `at` is the log time, set once by the writer: the wall clock (live) or the fact's own time (import). The fold knows
    no other clock. `accepted_at` is the time at which Kafka took the source record, for measuring only. An import
    raises alerts only with `alerts`.
    """

    at: Milliseconds
    mode: Mode = "live"
    alerts: bool = False
    accepted_at: Milliseconds | None = None


class Signal(LogEntry, frozen=True, kw_only=True, gc=False):
    """An entry of `health.signals`: a fact about one contact (keyed `tenant/contact`), or one that concerns a whole
    partition (no key: `Clock`, `Tick`, `ModelPublished`, `Erased`). `hops`: by how many aliases it was passed on."""

    fact: LoggedFact
    hops: int = 0


class AccountSignal(LogEntry, frozen=True, kw_only=True, gc=False):
    """An entry of `health.account-signals`, keyed `tenant/account`; partition-wide ones have no key."""

    fact: AccountFact


Subject = Annotated[
    str, msgspec.Meta(description="tenant/kind/id of a portfolio: kind is csm, team, division or organisation")
]


class PortfolioSignal(LogEntry, frozen=True, kw_only=True, gc=False):
    """An entry of `health.portfolio-signals`: what an account gives to one of the portfolios it is in."""

    tenant: TenantId
    portfolio: Subject
    account: SubjectId
    seq: int
    score: int | None = None
    previous_score: int | None = None
