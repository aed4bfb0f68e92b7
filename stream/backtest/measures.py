"""Precision, recall, lead time and lift: how well bands told who would leave."""

from collections.abc import Sequence
from statistics import fmean, median
from typing import NamedTuple, get_args

import msgspec

from models.health.bands import BANDS
from models.health.facts.messages import DAY_MS
from schemas.base import Band, from_milliseconds
from stream.backtest.known import History, Known
from stream.backtest.outcomes import Kind, Outcome
from stream.errors import BadInput

NAMED = 5


class Judged(NamedTuple):
    """An outcome, and the band that was known in time. `since` has that band and all better ones: since
    when (UTC ms) its subject had been in that band or a worse one without a break.
    """

    outcome: Outcome
    band: Band
    since: dict[Band, int]


class BandMeasures(msgspec.Struct, frozen=True):
    """A band: its outcomes, the share that churned, and `lift`, that share over the share of all. Then taking this band
    and all worse ones for a warning: `precision` is the share of the warned that churned, `recall` the share of the
    churned that were warned, `lead_days` how long before it the churned had been warned without a break.
    """

    band: Band
    outcomes: int
    churned: int
    churn_rate: float | None
    lift: float | None
    precision: float | None
    recall: float | None
    lead_days_median: float | None
    lead_days_mean: float | None


class Report(msgspec.Struct, frozen=True):
    """A backtest of contacts or accounts. `skipped` outcomes had no score that was known in time."""

    kind: Kind
    lead: int
    outcomes: int
    churned: int
    renewed: int
    skipped: int
    bands: tuple[BandMeasures, ...]


def judge(
    outcomes: Sequence[Outcome], history: History, lead: int, *, skip_unknown: bool = False
) -> tuple[list[Judged], int]:
    """The outcomes with what was known `lead` whole days before the day of each, and how many were skipped.

    Raises `BadInput` for outcomes after the log's end, for those of which nothing was known in time, and if all of them
    would be skipped.
    """
    if not history.log_end:
        raise BadInput("the log holds nothing by which outcomes could be judged")
    ahead = [one for one in outcomes if one.at > history.log_end]
    if ahead:
        end = f"{from_milliseconds(history.log_end):%Y-%m-%d %H:%M} UTC"
        raise BadInput(_refused(ahead, f"lies after the log's end ({end}): it would be a look into the future"))
    judged, unknown = [], []
    for one in outcomes:
        known = history.before(one.key, one.at - lead * DAY_MS)
        band = known[-1].band if known else None
        if band is None:
            unknown.append(one)
        else:
            judged.append(Judged(one, band, _since(known)))
    if unknown and not (skip_unknown and judged):
        what = _why_unknown(history, unknown[0], lead)
        raise BadInput(
            _refused(unknown, f"had no score {lead} days before ({what}): a later one would be a look into the future")
            + ("; no outcome is left" if skip_unknown else "; --skip-unknown leaves such outcomes out, and counts them")
        )
    return judged, len(unknown)


def _why_unknown(history: History, one: Outcome, lead: int) -> str:
    scores = history.scores.get(one.key)
    if one.tenant not in history.tenants:
        return f"the log has nothing of tenant {one.tenant!r} until then"
    if not scores:
        return "the log has none of it until then"
    if history.before(one.key, one.at - lead * DAY_MS):
        return "its score was deleted before: erased, merged, or without data"
    return f"its first score is of {from_milliseconds(scores[0].at):%Y-%m-%d}"


def measures(kind: Kind, judged: Sequence[Judged], lead: int, skipped: int) -> Report:
    """The measures of judged outcomes of one kind of subject."""
    churned = [one for one in judged if one.outcome.happened == "churned"]
    bands = tuple(_band(band, judged, churned) for band in BANDS)
    return Report(kind, lead, len(judged), len(churned), len(judged) - len(churned), skipped, bands)


def _band(band: Band, judged: Sequence[Judged], churned: Sequence[Judged]) -> BandMeasures:
    inside = [one for one in judged if one.band == band]
    left = [one for one in inside if one.outcome.happened == "churned"]
    warned = [one for one in judged if band in one.since]
    hits = [one for one in churned if band in one.since]
    leads = [(one.outcome.at - one.since[band]) / DAY_MS for one in hits]
    rate, of_all = _share(len(left), len(inside)), _share(len(churned), len(judged))
    return BandMeasures(
        band,
        len(inside),
        len(left),
        rate,
        None if rate is None or not of_all else rate / of_all,
        _share(len(hits), len(warned)),
        _share(len(hits), len(churned)),
        median(leads) if leads else None,
        fmean(leads) if leads else None,
    )


def _since(known: Sequence[Known]) -> dict[Band, int]:
    """Since when a subject had been in each band or a worse one; not in those that it was better than, at last."""
    since: dict[Band, int] = {}
    for band in get_args(Band):
        for one in reversed(known):
            if one.band is None or BANDS.index(one.band) > BANDS.index(band):
                break
            since[band] = one.at
    return since


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _refused(outcomes: Sequence[Outcome], why: str) -> str:
    one = outcomes[0]
    more = f" (and {len(outcomes) - 1} more, in lines {', '.join(str(x.line) for x in outcomes[1 : NAMED + 1])}"
    more = f"{more}{', …' if len(outcomes) > NAMED + 1 else ''})" if len(outcomes) > 1 else ""
    kind = "account " if one.kind == "account" else ""
    return f"line {one.line}: {kind}{one.tenant}/{one.subject} {one.happened} on {one.day}{more} {why}"
