"""One contact's story, folded from the log: what its score was at any time, and what moved it in between.

The log is the one source that has all of it: the topic of scores is compacted, and closes know points but no causes.
Folding a contact costs reading its partition once; entries of other contacts are passed over unread.
"""

from collections.abc import Iterable, Iterator
from math import fsum
from typing import NamedTuple

import msgspec

from models.health.alerts.rule import AlertRule
from models.health.facts.messages import DAY_MS
from models.health.state import ContactState
from schemas.catalogue import HEALTH_ALERTS, HEALTH_BAND_CHANGES, HEALTH_SCORES
from schemas.decoding import encode
from schemas.keys import contact_key, partition_for
from schemas.scores import AccountScoreUpdated, AlertRaised, BandChanged, ComponentScore, ScoreUpdated
from schemas.signals import Clock, Signal
from stream.dataplane import Record
from stream.replay.folding import Chosen, Folding, Sent, log_time
from stream.replay.log import Log
from stream.replay.running import fold_until
from stream.views import words

PASSING_TIME = "as time passed"
_PHRASES = {
    "message.classified": ("a message", "messages"),
    "sentiment.corrected": ("a corrected message", "corrected messages"),
    "survey.answered": ("an answer to a survey", "answers to surveys"),
    "review.posted": ("a review", "reviews"),
    "contact.updated": ("a change of the profile", "changes of the profile"),
    "ticket.opened": ("a ticket opened", "tickets opened"),
    "ticket.updated": ("a ticket changed", "tickets changed"),
    "ticket.replied": ("a reply on a ticket", "replies on tickets"),
    "ticket.solved": ("a ticket solved", "tickets solved"),
    "ticket.reopened": ("a ticket reopened", "tickets reopened"),
    "ticket.closed": ("a ticket closed", "tickets closed"),
    "recompute": ("a daily recompute", "daily recomputes"),
    "model_change": ("a change of the model", "changes of the model"),
    "override": ("a band set by hand", "bands set by hand"),
    "member.contributed": ("a change of a contact", "changes of contacts"),
    "member.left": ("a contact that left", "contacts that left"),
    "account.updated": ("a change of the account's profile", "changes of the account's profile"),
}

_score = msgspec.json.Decoder(ScoreUpdated).decode
_band = msgspec.json.Decoder(BandChanged).decode
_alert = msgspec.json.Decoder(AlertRaised).decode


class Part(msgspec.Struct, frozen=True):
    """What moved a component by so many points, in words, over so many records."""

    component: str
    points: float
    records: int
    words: str


class Movement(msgspec.Struct, frozen=True):
    """What moved the unrounded score in the last `days`: the parts sum to `change` (1e-9), which is `after` less
    `before` (0 where there was no score). `besides` says what moved the score itself and is not of components.
    """

    days: int
    before: float | None
    after: float
    change: float
    parts: tuple[Part, ...]
    besides: tuple[str, ...] = ()


class Story(msgspec.Struct):
    """All that went out for a contact up to a moment (`now`, UTC ms), in order, and its row and the rules of its alerts
    then. A deleted score is None, with the time.
    """

    now: int = 0
    row: ContactState | None = None
    rules: tuple[AlertRule, ...] = ()
    scores: list[tuple[int, ScoreUpdated | None]] = msgspec.field(default_factory=list)
    bands: list[BandChanged] = msgspec.field(default_factory=list)
    alerts: list[AlertRaised] = msgspec.field(default_factory=list)

    def take(self, sent: Sent) -> None:
        """Take an output of the fold."""
        if sent.topic == HEALTH_SCORES:
            self.scores.append((sent.at, None if sent.value is None else _score(sent.value)))
        elif sent.topic == HEALTH_BAND_CHANGES and sent.value is not None:
            self.bands.append(_band(sent.value))
        elif sent.topic == HEALTH_ALERTS and sent.value is not None:
            self.alerts.append(_alert(sent.value))

    @property
    def latest(self) -> ScoreUpdated | None:
        """The score at the end of it."""
        return self.scores[-1][1] if self.scores else None

    def up_to(self, record: ScoreUpdated) -> "Story | None":
        """The same up to a record that went out; None if the story has another one in its place."""
        for place, (_, one) in enumerate(self.scores):
            if one is not None and one.event_id == record.event_id:
                return msgspec.structs.replace(self, scores=self.scores[: place + 1]) if one == record else None
        return None


def tell(log: Log, tenant: str, contact: str, end: int | None = None, chosen: Chosen | None = None) -> Story:
    """The story of a contact, up to and without a moment (UTC ms) or to the end of the log; by a model of one's own, if
    one is `chosen`.
    """
    key, story = contact_key(tenant, contact), Story()

    def take(sent: Sent) -> None:
        if sent.key == key:
            story.take(sent)

    partition = partition_for(key, log.partitions())
    # Where the fold hands on what merged contacts had, another contact's entries may matter too.
    wanted = (lambda one: one == key) if log.hands_on else None
    past = log if end is None else _Past(log, end, key if log.hands_on else None)
    with Folding(partition, chosen, wanted, hand_on=not log.hands_on) as folding:
        fold_until(folding, past, None, take, lambda _: None)
        story.row = folding.row(key)
        if story.row is not None:
            story.rules = folding.model(tenant).of(story.row.profile).alerts
        story.now = folding.log_end if end is None or folding.log_end < end - 1 else end
    return story


class _Past(NamedTuple):
    """A log as it was before `end` (UTC ms); where only the entries of `key` are folded, those of others are not read.

    It ends in the clock of the millisecond before: what ends by time alone has ended then, though a history has no
    minutes.
    """

    log: Log
    end: int
    key: bytes | None

    @property
    def hands_on(self) -> bool:
        return self.log.hands_on

    def partitions(self) -> int:
        return self.log.partitions()

    def size(self) -> int:
        return self.log.size()

    def read(self, partition: int) -> Iterator[Record]:
        for record in self.log.read(partition):
            if (record.key is None or self.key in (None, record.key)) and log_time(record) >= self.end:
                yield Record(record.offset, None, encode(Signal(at=self.end - 1, fact=Clock())), None, 0)
                return
            yield record


def movement(story: Story, days: int) -> Movement | None:
    """What moved the score in the last `days` before the story's end; None where there is no score."""
    latest, since = story.latest, story.now - days * DAY_MS
    if latest is None:
        return None
    place = sum(at <= since for at, _ in story.scores)
    first = story.scores[place - 1][1] if place else None
    parts: dict[tuple[str, str], list[float]] = {}
    besides: list[str] = []
    before = first
    for _, record in story.scores[place:]:
        if record is None:
            if before is not None:
                parts.setdefault(("score", "deleted"), []).append(-before.score_raw)
        else:
            _take(record, before, parts)
            besides += _besides(record, before)
        before = record
    was = None if first is None else first.score_raw
    return Movement(days, was, latest.score_raw, latest.score_raw - (was or 0.0), in_words(parts), tuple(besides))


def in_words(parts: dict[tuple[str, str], list[float]]) -> tuple[Part, ...]:
    """What moved components, by component and why: the most first."""
    found = [Part(name, fsum(points), len(points), _words(why, len(points))) for (name, why), points in parts.items()]
    return tuple(sorted(found, key=lambda one: (-abs(one.points), one.component, one.words)))


def _take(record: ScoreUpdated, before: ScoreUpdated | None, parts: dict[tuple[str, str], list[float]]) -> None:
    for name, points in record.change.by_decay.items():
        parts.setdefault((name, PASSING_TIME), []).append(points)
    cause = record.cause.type
    for name, points in record.change.by_signal.items():
        shared = before is not None and only_weight(before.components.get(name), record.components.get(name))
        parts.setdefault((name, f"{cause}/weight" if shared else cause), []).append(points)


def only_weight(before: ComponentScore | None, after: ComponentScore | None) -> bool:
    """Whether a component reads the same as before, and only its share of the weights is another."""
    return before is not None and after is not None and before.value == after.value and before.weight != after.weight


def _words(why: str, count: int) -> str:
    if why in (PASSING_TIME, "deleted"):
        return why
    cause, _, weight = why.partition("/")
    one, several = _PHRASES.get(cause, (words(cause), words(cause)))
    told = f"by {one}" if count == 1 else f"by {count} {several}"
    return f"weighs otherwise, {told}" if weight else told


def _besides(record: ScoreUpdated, before: ScoreUpdated | None) -> Iterable[str]:
    when = f"{record.at:%Y-%m-%d %H:%M} UTC"
    capped_before = None if before is None else before.capped_by
    if record.capped_by != capped_before:
        if capped_before is not None:
            yield f"{when}: {words(capped_before)} no longer caps the score"
        if record.capped_by is not None:
            yield f"{when}: {words(record.capped_by)} caps the score at {record.score}"
    elif before is not None and record.capped_by is not None and record.score != before.score:
        yield f"{when}: {words(record.capped_by)} caps the score at {record.score} instead of {before.score}"
    yield from set_by_hand(record, before)


def set_by_hand(
    record: ScoreUpdated | AccountScoreUpdated, before: ScoreUpdated | AccountScoreUpdated | None
) -> Iterable[str]:
    """That a band came to be set by hand, or is no longer."""
    when = f"{record.at:%Y-%m-%d %H:%M} UTC"
    by_hand = record.band is not None and record.band != record.computed_band
    if (
        record.band is not None
        and by_hand
        and (before is None or before.band != record.band or before.band == before.computed_band)
    ):
        yield f"{when}: set to {words(record.band)} by hand"
    if before is not None and before.band != before.computed_band and not by_hand:
        yield f"{when}: no longer set by hand"
