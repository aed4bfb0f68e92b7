"""Why an account has its score: the record, what moved it, which alerts went out and which are held back, as data and
as the terminal shows it.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from models.health.accounts.alerts.registry import ACCOUNT_ALERTS
from schemas.scores import AccountScoreUpdated, AlertRaised
from stream.account_story import AccountStory, account_movement
from stream.explaining import DAYS, LATEST_CHANGES, alert_line, by_hand_line, held_back, moved_view
from stream.story import Movement
from stream.views import BAND_STYLES, age, band_text, words

_NAMES = {kind.code: kind.name for kind in ACCOUNT_ALERTS.values()}
NOT_TOLD = (
    "what moved the score cannot be told: health.account-signals does not hold this account's whole story, or the "
    "worker has not read it yet"
)


class AccountExplanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that is told of an account. `moved` by days; None where the log cannot tell it (`not_told` says why)."""

    score: AccountScoreUpdated
    moved: dict[str, Movement] | None = None
    alerts: tuple[AlertRaised, ...] = ()
    held_back: tuple[str, ...] = ()
    not_told: str | None = None


def explained_account(score: AccountScoreUpdated, story: AccountStory) -> AccountExplanation:
    """The explanation of an account by its story."""
    if not story.ends_in(score):
        return AccountExplanation(score, not_told=NOT_TOLD)
    moved = {str(days): found for days in DAYS if (found := account_movement(story, days)) is not None}
    alerts, rules = story.stands
    waiting = tuple(line for alert in alerts for line in held_back(alert, rules, story.now, _NAMES))
    return AccountExplanation(score, moved, tuple(story.alerts[-LATEST_CHANGES:]), waiting)


def view_account(told: AccountExplanation, now: datetime) -> RenderableType:
    """What the terminal shows."""
    score = told.score
    parts: list[RenderableType] = [_head(score)]
    if score.components:
        parts.append(_components(score, now))
    parts += [Text(line) for line in (*_facts(score), *told.held_back)]
    if told.not_told is not None:
        parts.append(Text(told.not_told))
    parts += [moved_view(one) for one in (told.moved or {}).values()]
    parts += [Text(alert_line(alert)) for alert in told.alerts]
    return Group(*parts)


def _head(score: AccountScoreUpdated) -> Text:
    name = f"account {score.tenant}/{score.account}: "
    if score.score is None or score.band is None:
        return Text(f"{name}not scored")
    return Text.assemble(
        name, (str(score.score), BAND_STYLES[score.band]), " ", band_text(score.band), f" {words(score.trend)}"
    )


def _components(score: AccountScoreUpdated, now: datetime) -> RenderableType:
    table = Table("component", "value", "weight", "points", "observations", "last seen")
    for name, part in score.components.items():
        table.add_row(
            words(name),
            f"{part.value:.2f}",
            f"{part.weight:.0%}",
            f"{part.points:.2f}",
            str(part.observations),
            age(part.last_at, now),
        )
    table.add_section()
    table.add_row("score", "", "", f"{score.score_raw:.2f}", "", "")
    return table


def _facts(score: AccountScoreUpdated) -> Iterable[str]:
    mean = "" if score.mean is None else f", mean {score.mean:.1f}, lowest {score.minimum}"
    bands = "".join(f", {count} {words(band)}" for band, count in score.bands.items())
    cause = words(score.cause.type) + (f" {score.cause.id}" if score.cause.id else "")
    yield f"last moved by {cause} at {score.at:%Y-%m-%d %H:%M:%S} UTC (record {score.seq}, model {score.model})"
    yield f"{score.members} contacts, {score.scored} scored{mean}{bands}"
    if score.moved_by is not None:
        yield f"moved last by {score.moved_by}"
    answers = (
        ("NPS", score.nps, score.nps_answers, "+.0f"),
        ("CSAT", score.csat, score.csat_answers, ".0%"),
        ("CES", score.ces, score.ces_answers, ".0%"),
    )
    known = [f"{name} {value:{form}} of {count}" for name, value, count, form in answers if value is not None]
    if known:
        yield ", ".join(known) + " answers"
    if score.response_mean_seconds is not None and score.response_median_seconds is not None:
        mean_hours, median_hours = score.response_mean_seconds / 3600, score.response_median_seconds / 3600
        yield f"first response in {mean_hours:.1f} h (median {median_hours:.1f} h) on {score.responses} tickets"
    size = [
        f"{count} {name}" for count, name in ((score.seats, "seats"), (score.orders, "orders")) if count is not None
    ]
    if score.renewal_at is not None:
        size.append(f"renews {score.renewal_at:%Y-%m-%d}")
    if size:
        yield ", ".join(size)
    if score.band is not None and score.computed_band is not None and score.override is not None:
        yield f"{by_hand_line(score.band, score.override)}; computed: {words(score.computed_band)}"
