"""Why an account has its score: the record, what moved it and which alerts went out, as data and for the terminal."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.scores import AccountScoreUpdated, AlertRaised
from stream.account_story import AccountMovement, AccountStory, account_movement
from stream.explaining import DAYS, LATEST_CHANGES, alert_line
from stream.views import BAND_STYLES, age, band_text, words

NOT_TOLD = (
    "what moved the score cannot be told: health.account-signals does not hold this account's whole story, or the "
    "worker has not read it yet"
)


class AccountExplanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that is told of an account. `moved` by days; None where the log cannot tell it (`not_told` says why)."""

    score: AccountScoreUpdated
    moved: dict[str, AccountMovement] | None = None
    alerts: tuple[AlertRaised, ...] = ()
    not_told: str | None = None


def explained_account(score: AccountScoreUpdated, story: AccountStory) -> AccountExplanation:
    """The explanation of an account by its story."""
    if not story.ends_in(score):
        return AccountExplanation(score, not_told=NOT_TOLD)
    moved = {str(days): found for days in DAYS if (found := account_movement(story, days)) is not None}
    return AccountExplanation(score, moved, tuple(story.alerts[-LATEST_CHANGES:]))


def view_account(told: AccountExplanation, now: datetime) -> RenderableType:
    """What the terminal shows."""
    score = told.score
    parts: list[RenderableType] = [_head(score)]
    if score.components:
        parts.append(_components(score, now))
    parts += [Text(line) for line in _facts(score)]
    if told.not_told is not None:
        parts.append(Text(told.not_told))
    parts += [_moved(one) for one in (told.moved or {}).values()]
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
    if score.band is not None and score.computed_band is not None and score.band != score.computed_band:
        yield f"set by hand; computed: {words(score.computed_band)}"


def _moved(moved: AccountMovement) -> RenderableType:
    if not moved.parts:
        return Text(f"the last {moved.days} days: {moved.after:.2f}, and nothing moved it")
    before = "not scored" if moved.before is None else f"{moved.before:.2f}"
    table = Table("component", "before", "after", "points")
    for part in moved.parts:
        table.add_row(words(part.component), f"{part.before:.2f}", f"{part.after:.2f}", f"{part.change:+.2f}")
    return Group(Text(f"the last {moved.days} days: {before} → {moved.after:.2f} ({moved.change:+.2f})"), table)
