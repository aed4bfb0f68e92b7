"""Every topic: its name, key, partitions, cleanup policy, retention and value types."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, get_args

import msgspec

from schemas.control import Control
from schemas.messages import SupportMessage
from schemas.profiles import ProfileChanged, SupportAccount, SupportContact
from schemas.scores import (
    AccountScoreUpdated,
    AlertRaised,
    BandChanged,
    ContactForgotten,
    LabelledExample,
    PortfolioScoreUpdated,
    ScoreClosed,
    ScoreUpdated,
    TopicCleaned,
)
from schemas.signals import AccountSignal, PortfolioSignal, Signal
from schemas.surveys import SupportReview, SupportSurvey
from schemas.tickets import SupportTicket

SUPPORT_TICKETS = "support.tickets"
SUPPORT_MESSAGES = "support.messages"
SUPPORT_SURVEYS = "support.surveys"
SUPPORT_CONTACTS = "support.contacts"
SUPPORT_ACCOUNTS = "support.accounts"
SUPPORT_REVIEWS = "support.reviews"
HEALTH_CONTROL = "health.control"
HEALTH_SIGNALS = "health.signals"
HEALTH_SCORES = "health.scores"
HEALTH_BAND_CHANGES = "health.band-changes"
HEALTH_ALERTS = "health.alerts"
HEALTH_SCORE_HISTORY = "health.score-history"
HEALTH_ACCOUNT_SIGNALS = "health.account-signals"
HEALTH_ACCOUNT_SCORES = "health.account-scores"
HEALTH_PORTFOLIO_SIGNALS = "health.portfolio-signals"
HEALTH_PORTFOLIO_SCORES = "health.portfolio-scores"
HEALTH_PROFILES = "health.profiles"
HEALTH_RECEIPTS = "health.receipts"
SUPPORT_LABELLED_EXAMPLES = "support.labelled-examples"

DEAD_LETTERS_SUFFIX = "-dlq"

Role = Literal["input", "log", "output", "internal"]
Cleanup = Literal["delete", "compact"]
# `source`: whatever the source system chose, and never read by us. `subject` and `portfolio`: tenant/kind/id. See
# `schemas.keys`.
KeyKind = Literal["source", "contact", "account", "subject", "portfolio"]

SUPPORT_DAYS, DEAD_LETTER_DAYS, FACT_DAYS = 7, 14, 30
# A topic limits the compressed batch, and what we pass on is compressed anew, by our producer: it may be many times
# what its record was. So topics for what is as large as an input (dead letters, corrected texts) take all that the
# producer may send; of a larger dead letter the beginning is put aside, and a text is never so large.
DEAD_LETTER_MAX_BYTES = 16 * 1024 * 1024


# Kafka deletes and compacts whole closed segments: what is to go in time must not wait in an open one.
SEGMENT_MS = 86_400_000


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A topic as it has to be.

    `partitions` is None where the setting decides (all of these have the same number, so that they are co-partitioned).
    `retention_ms` is None for "without limit". `values` are the record types, empty where the value is bytes that we do
    not define (dead letters, changelogs). `dead_letters` names the topic that takes what cannot be read from this one.
    """

    name: str
    description: str
    role: Role
    key: KeyKind
    values: tuple[type[msgspec.Struct], ...] = ()
    partitions: int | None = None
    cleanup: Cleanup = "delete"
    retention_ms: int | None = None
    max_message_bytes: int | None = None
    dead_letters: str | None = None

    @property
    def unlimited(self) -> bool:
        """Whether every record is kept for ever: what reads the topic may come back to any of them."""
        return self.cleanup == "delete" and self.retention_ms is None

    @property
    def config(self) -> dict[str, str]:
        """Kafka's topic settings, by their names."""
        config: dict[str, str] = {"cleanup.policy": self.cleanup}
        if self.unlimited:
            config |= {"retention.ms": "-1", "retention.bytes": "-1"}
        elif self.retention_ms is not None:
            config["retention.ms"] = str(self.retention_ms)
        else:
            config["max.compaction.lag.ms"] = str(SEGMENT_MS)
        if self.cleanup == "compact" or self.retention_ms is not None:
            config["segment.ms"] = str(SEGMENT_MS)
        if self.max_message_bytes is not None:
            config["max.message.bytes"] = str(self.max_message_bytes)
        return config


def days(count: int) -> int:
    """Milliseconds of a number of days."""
    return count * (timedelta(days=1) // timedelta(milliseconds=1))


def types_of(union: object) -> tuple[type[msgspec.Struct], ...]:
    """The record types of a union, or the single one."""
    return get_args(union) or (union,)


def dead_letters_of(topic: str) -> str:
    """The name of an input's dead-letter topic."""
    return topic + DEAD_LETTERS_SUFFIX


def changelog(app_id: str, table: str, key: KeyKind = "contact") -> Topic:
    """The topic in which Faust keeps a table: compacted and never limited in time, for it is the state."""
    return Topic(
        name=f"{app_id}-{table}-changelog",
        description=f"The state of {app_id}, row by row: the latest value of each key.",
        role="internal",
        key=key,
        cleanup="compact",
    )


def _input(
    name: str, union: object, description: str, *, partitions: int | None = None, retention_ms: int | None
) -> Topic:
    return Topic(
        name=name,
        description=description,
        role="input",
        key="source",
        values=types_of(union),
        partitions=partitions,
        retention_ms=retention_ms,
        dead_letters=dead_letters_of(name),
    )


def _support(name: str, union: object, description: str) -> Topic:
    return _input(name, union, description, retention_ms=days(SUPPORT_DAYS))


def _log(
    name: str, value: type[msgspec.Struct], key: KeyKind, description: str, *, dead_letters: str | None = None
) -> Topic:
    return Topic(name=name, description=description, role="log", key=key, values=(value,), dead_letters=dead_letters)


def _facts(name: str, value: type[msgspec.Struct], description: str, *, retention_ms: int | None) -> Topic:
    return Topic(
        name=name, description=description, role="output", key="contact", values=(value,), retention_ms=retention_ms
    )


def _latest(
    name: str, value: type[msgspec.Struct], key: KeyKind, description: str, *, max_message_bytes: int | None = None
) -> Topic:
    return Topic(
        name=name,
        description=description,
        role="output",
        key=key,
        values=(value,),
        cleanup="compact",
        max_message_bytes=max_message_bytes,
    )


def _dead_letters(source: Topic) -> Topic:
    return Topic(
        name=dead_letters_of(source.name),
        description=f"What could not be accepted from {source.name}: value, key and headers as they came, and why.",
        role="internal",
        key="source",
        retention_ms=days(DEAD_LETTER_DAYS),
        max_message_bytes=DEAD_LETTER_MAX_BYTES,
    )


INPUTS = (
    _support(SUPPORT_TICKETS, SupportTicket, "What happened to tickets."),
    _support(SUPPORT_MESSAGES, SupportMessage, "Messages of customers, agents, bots and systems, with their text."),
    _support(SUPPORT_SURVEYS, SupportSurvey, "Answers to NPS, CSAT, star, thumbs and effort questions."),
    _support(SUPPORT_CONTACTS, SupportContact, "Profiles of contacts: each record is the whole profile."),
    _support(SUPPORT_ACCOUNTS, SupportAccount, "Profiles of accounts: each record is the whole profile."),
    _support(SUPPORT_REVIEWS, SupportReview, "Ratings on third-party sites."),
    _input(
        HEALTH_CONTROL,
        Control,
        "What people and administrators decide: overrides, corrections, models, erasure, merging, tenants.",
        partitions=1,
        retention_ms=None,
    ),
)

LOGS_AND_OUTPUTS = (
    _log(
        HEALTH_SIGNALS,
        Signal,
        "contact",
        "Everything that can change a contact's score, in the order that counts.",
        dead_letters=dead_letters_of(HEALTH_SIGNALS),
    ),
    _latest(HEALTH_SCORES, ScoreUpdated, "contact", "The present score of each contact and all that explains it."),
    _facts(HEALTH_BAND_CHANGES, BandChanged, "Each change of a contact's band.", retention_ms=days(FACT_DAYS)),
    _facts(HEALTH_ALERTS, AlertRaised, "What a person should act on.", retention_ms=days(FACT_DAYS)),
    _facts(HEALTH_SCORE_HISTORY, ScoreClosed, "Daily closes of each contact's score.", retention_ms=None),
    _log(
        HEALTH_ACCOUNT_SIGNALS,
        AccountSignal,
        "account",
        "Everything that can change an account's score.",
        dead_letters=dead_letters_of(HEALTH_ACCOUNT_SIGNALS),
    ),
    _latest(HEALTH_ACCOUNT_SCORES, AccountScoreUpdated, "account", "The present score of each account."),
    _log(
        HEALTH_PORTFOLIO_SIGNALS,
        PortfolioSignal,
        "portfolio",
        "What each account gives to the portfolios it is in.",
        dead_letters=dead_letters_of(HEALTH_PORTFOLIO_SIGNALS),
    ),
    _latest(HEALTH_PORTFOLIO_SCORES, PortfolioScoreUpdated, "portfolio", "The present score of each portfolio."),
    _latest(HEALTH_PROFILES, ProfileChanged, "subject", "Display names of contacts and accounts."),
    _facts(HEALTH_RECEIPTS, ContactForgotten, "That contacts were erased, and where until when.", retention_ms=None),
    _latest(
        SUPPORT_LABELLED_EXAMPLES,
        LabelledExample,
        "contact",
        "Corrected messages with their text; off by default.",
        max_message_bytes=DEAD_LETTER_MAX_BYTES,
    ),
)

_SOURCES = (*INPUTS, *LOGS_AND_OUTPUTS)
_DEAD_LETTERS = tuple(_dead_letters(topic) for topic in _SOURCES if topic.dead_letters is not None)

TOPICS = {topic.name: topic for topic in (*_SOURCES, *_DEAD_LETTERS)}
"""Every topic by its name, but for the changelogs."""

INPUT_TOPIC_OF = {value: topic.name for topic in INPUTS for value in topic.values}
"""The input topic of each event type."""


def cleaned(erased: datetime) -> Iterator[TopicCleaned]:
    """When each topic that knows contacts holds no more than the id of one that was `erased` (log time).

    A segment is closed after a day, and then deleted when its last record is as old as the retention, or compacted
    within a day.
    """
    day = timedelta(milliseconds=SEGMENT_MS)
    for topic in TOPICS.values():
        if topic.key == "account" or topic.name in (HEALTH_PORTFOLIO_SIGNALS, HEALTH_PORTFOLIO_SCORES, HEALTH_RECEIPTS):
            continue
        if topic.cleanup == "compact":
            yield TopicCleaned(topic=topic.name, by="compaction", after=erased + 2 * day)
        elif topic.retention_ms is not None:
            after = erased + timedelta(milliseconds=topic.retention_ms) + day
            yield TopicCleaned(topic=topic.name, by="retention", after=after)
        else:
            yield TopicCleaned(topic=topic.name, by="rewrite")
    yield TopicCleaned(topic="*-changelog", by="compaction", after=erased + 2 * day)
