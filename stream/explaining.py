"""Why a contact has its score: the record, what moved it, what is held back, as data and as the terminal shows it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from models.health.alerts.machine import ready_at
from models.health.alerts.registry import NAMES
from models.health.alerts.rule import AlertRule
from models.health.state import AlertState
from schemas.base import Band, from_milliseconds
from schemas.scores import AlertRaised, BandChanged, OverrideInForce, ScoreUpdated
from stream.story import Movement, Story, movement
from stream.views import band_change_line, explanation, words

DAYS = (7, 30)
LATEST_CHANGES = 5
NOT_TOLD = (
    "what moved the score cannot be told: health.signals does not hold this contact's whole story, or the worker has "
    "not read it yet"
)


class SetByHand(msgspec.Struct, frozen=True, omit_defaults=True):
    """An override in force."""

    band: Band
    author: str
    reason: str
    since: datetime
    expires_at: datetime | None = None


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that is told of a score. `moved` by days; None where the log cannot tell it (`not_told` says why)."""

    score: ScoreUpdated
    moved: dict[str, Movement] | None = None
    bands: tuple[BandChanged, ...] = ()
    alerts: tuple[AlertRaised, ...] = ()
    held_back: tuple[str, ...] = ()
    override: SetByHand | None = None
    not_told: str | None = None


def explained(score: ScoreUpdated, story: Story | None) -> Explanation:
    """The explanation of a score by the story that ends in it."""
    if story is None or story.row is None:
        return Explanation(score, override=_by_hand(score), not_told=NOT_TOLD)
    moved = {str(days): found for days in DAYS if (found := movement(story, days)) is not None}
    return Explanation(
        score,
        moved,
        tuple(story.bands[-LATEST_CHANGES:]),
        tuple(story.alerts[-LATEST_CHANGES:]),
        tuple(line for alert in story.row.alerts for line in held_back(alert, story.rules, story.now)),
        _by_hand(score),
    )


def _by_hand(score: ScoreUpdated) -> SetByHand | None:
    by_hand = score.override
    if by_hand is None:
        return None
    return SetByHand(score.band, by_hand.author, by_hand.reason, by_hand.set_at, by_hand.expires_at)


def held_back(
    alert: AlertState, rules: Iterable[AlertRule], now: int, names: Mapping[int, str] = NAMES
) -> Iterable[str]:
    """What is not told of an alert at `now` (UTC ms) by the rules in force, in words; `names` are the kinds by their
    codes.
    """
    kind = words(names[alert.kind])
    if alert.active and alert.untold:
        yield f"{kind}: began without an alert, by an import or another model"
    elif alert.active and alert.raised_at is not None:
        ends = "what ended it came late, and is waiting for the daily recompute"
        yield f"{kind}: raised {_day(alert.raised_at)}, and {ends if alert.late else 'not again before it has ended'}"
    elif alert.since is not None:
        rule = next((rule for rule in rules if rule.code == alert.kind), None)
        waits = "" if rule is None else f", and is waiting for {_waits_for(alert, rule, now)}"
        yield f"{kind}: holds since {_day(alert.since)}{waits}"
    if alert.suppressed:
        yield f"{kind}: held back {alert.suppressed} times since it was last raised"


def _waits_for(alert: AlertState, rule: AlertRule, now: int) -> str:
    """What keeps an alert whose condition holds, and until when."""
    ready = ready_at(alert, rule)
    if alert.late:
        return "the daily recompute, for it came late" + (
            f", the first one from {_day(ready)} on" if ready > now else ""
        )
    cooling = alert.raised_at is not None and ready == alert.raised_at + rule.cooldown
    return f"its {'cooldown' if cooling else 'dwell'}, until {_day(ready)}"


def view(told: Explanation, now: datetime) -> RenderableType:
    """What the terminal shows."""
    parts: list[RenderableType] = [explanation(told.score, now)]
    if told.score.segment is not None:
        parts.append(Text(f"segment {told.score.segment} of model {told.score.model}"))
    if told.score.capped_by is not None:
        parts.append(Text(f"{words(told.score.capped_by)} caps the score at {told.score.score}"))
    if told.override is not None:
        parts.append(Text(by_hand_line(told.override.band, told.override)))
    parts += [Text(line) for line in told.held_back]
    if told.not_told is not None:
        parts.append(Text(told.not_told))
    parts += [moved_view(one) for one in (told.moved or {}).values()]
    parts += [Text(f"{change.at:%Y-%m-%d} ") + band_change_line(change) for change in told.bands]
    parts += [Text(alert_line(alert)) for alert in told.alerts]
    return Group(*parts)


def by_hand_line(band: Band, by_hand: SetByHand | OverrideInForce) -> str:
    """Who set a band, why, and until when."""
    until = "" if by_hand.expires_at is None else f", until {by_hand.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"set to {words(band)} by {by_hand.author} ({by_hand.reason}){until}"


def moved_view(moved: Movement) -> RenderableType:
    """What moved a score in a span, as a table."""
    if not moved.parts and not moved.besides:
        return Text(f"the last {moved.days} days: {moved.after:.2f}, and nothing moved it")
    before = "not scored" if moved.before is None else f"{moved.before:.2f}"
    head = f"the last {moved.days} days: {before} → {moved.after:.2f} ({moved.change:+.2f})"
    table = Table("component", "points", "why")
    for part in moved.parts:
        table.add_row(words(part.component), f"{part.points:+.2f}", part.words)
    if moved.parts:
        table.add_section()
        table.add_row("score", f"{moved.change:+.2f}", "")
    for line in moved.besides:
        table.add_row("", "", line)
    return Group(Text(head), table)


def alert_line(alert: AlertRaised) -> str:
    """An alert that went out, in one line."""
    reasons = f": {'; '.join(alert.reasons)}" if alert.reasons else ""
    return f"{alert.at:%Y-%m-%d %H:%M} alert {words(alert.kind)}{reasons}"


def _day(at: int) -> str:
    return f"{from_milliseconds(at):%Y-%m-%d %H:%M} UTC"
