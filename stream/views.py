"""What the terminal shows of scores."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.base import Band
from schemas.scores import AccountScoreUpdated, BandChanged, ComponentScore, ScoreUpdated, Trend

BAND_STYLES: dict[Band, str] = {
    "champion": "bold green",
    "healthy": "green",
    "needs_attention": "yellow",
    "at_risk": "bold red",
}
TREND_ARROWS: dict[Trend, str] = {"improving": "↑", "stable": "→", "declining": "↓", "insufficient_history": "·"}
ANY_WIDTH = 10_000
COMPONENTS = ("nps", "csat", "sentiment", "engagement")


def console() -> Console:
    """The terminal. A file or a pipe gets tables as wide as they are: there is no screen to cut them off for."""
    free = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=ANY_WIDTH if free else None)


def narrow_table(*columns: str) -> Table:
    """A table of many columns, which a terminal of 80 has no room for in a closed box."""
    return Table(*columns, box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))


def words(name: str) -> str:
    """A name of the wire as people read it."""
    return name.replace("_", " ")


def band_text(band: Band) -> Text:
    """A band in its colour."""
    return Text(words(band), style=BAND_STYLES[band])


def scores_table(scores: Sequence[ScoreUpdated], changes: Sequence[BandChanged]) -> RenderableType:
    """The latest scores, newest first, above the latest band changes."""
    table = Table(
        "contact", "score", "band", "trend", *COMPONENTS, "cause", "change", title="Customer health", expand=True
    )
    for score in reversed(scores):
        table.add_row(
            f"{score.tenant}/{score.contact}",
            str(score.score),
            band_text(score.band),
            TREND_ARROWS[score.trend],
            *(_points(score.components.get(name)) for name in COMPONENTS),
            score.cause.type,
            f"{score.change.total:+.1f}",
        )
    return Group(table, *(band_change_line(change) for change in list(changes)[-5:]))


def _points(component: ComponentScore | None) -> str:
    return f"{component.points:.1f}" if component is not None else "-"


def band_change_line(change: BandChanged) -> Text:
    """One band change as a sentence."""
    before = band_text(change.from_band) if change.from_band is not None else Text("not scored")
    return Text.assemble(
        f"{change.at:%H:%M:%S} {change.tenant}/{change.contact}: ",
        before,
        " → ",
        band_text(change.to_band),
        f" ({change.score})",
    )


def bands_line(counts: Mapping[Band, int]) -> Text:
    """How many contacts are in each band."""
    parts = [Text(f"{words(band)} {counts.get(band, 0)}", style=style) for band, style in BAND_STYLES.items()]
    return Text("   ").join(parts)


def accounts_line(records: Iterable[AccountScoreUpdated]) -> Text:
    """How many accounts there are, in which bands, and which has the lowest score."""
    scored = [(one.score, f"{one.tenant}/{one.account}", one) for one in records if one.score is not None]
    line = Text(f"{len(scored)} accounts   ") + bands_line(Counter(one.band for _, _, one in scored if one.band))
    if scored:
        score, name, _ = min(scored, key=lambda one: one[:2])
        line += Text(f"   lowest: {name} {score}")
    return line


def explanation(score: ScoreUpdated, now: datetime) -> RenderableType:
    """Why a contact's score is what it is: components, what they give, how old they are, and what moved it last."""
    head = Text.assemble(
        f"{score.tenant}/{score.contact}: ",
        (str(score.score), BAND_STYLES[score.band]),
        " ",
        band_text(score.band),
        f" {words(score.trend)}",
    )
    table = Table(
        "component", "value", "weight", "points", "observations", "last seen", "last change: by time", "by the signal"
    )
    for name, part in score.components.items():
        table.add_row(
            name,
            f"{part.value:.2f}",
            f"{part.weight:.0%}",
            f"{part.points:.2f}",
            str(part.observations),
            age(part.last_at, now),
            _signed(score.change.by_decay.get(name)),
            _signed(score.change.by_signal.get(name)),
        )
    table.add_section()
    table.add_row("score", "", "", f"{score.score_raw:.2f}", str(score.facts), "", "", f"{score.change.total:+.2f}")
    return Group(head, table, *(Text(line) for line in _evidence(score)))


def _evidence(score: ScoreUpdated) -> list[str]:
    cause = words(score.cause.type) + (f" {score.cause.id}" if score.cause.id else "")
    lines = [
        f"last moved by {cause} at {score.at:%Y-%m-%d %H:%M:%S} UTC (record {score.seq}, model {score.model})",
        f"evidence: {score.coverage:.0%} of the model's weight, {score.confidence} confidence from {score.facts} facts",
    ]
    if score.next_decay_at is not None and score.score_if_silent is not None:
        lines.append(f"if silent: {score.score_if_silent} from {score.next_decay_at:%Y-%m-%d %H:%M} UTC")
    if score.band != score.computed_band:
        lines.append(f"set by hand; computed: {words(score.computed_band)}")
    return lines


def _signed(points: float | None) -> str:
    return f"{points:+.2f}" if points else ""


def age(time: datetime | None, now: datetime) -> str:
    """How long ago, in words."""
    if time is None:
        return "-"
    seconds = max(0, int((now - time.astimezone(UTC)).total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
