"""What members give, as counts by whole numbers: adding one and taking it back leaves nothing behind.

A sum is a dictionary from a number that says what is counted to how many there are. Because all are whole, it does not
depend on the order in which members come, change and go.
"""

from collections.abc import Iterable
from typing import Final

from models.health.bands import BANDS
from schemas.base import Band
from schemas.scores import Confidence
from schemas.signals import AccountShare, Contribution

Sums = dict[int, int]

CONFIDENCES: Final[tuple[Confidence, ...]] = ("low", "medium", "high")
CONFIDENCE_WEIGHTS: Final = (1, 2, 3)
"""How much a member's score weighs in the mean, by its confidence."""

# What is counted. These are in stored rows: never change or reuse one. 0..302 are scores: 3 * score + confidence.
_SCORES = range(303)
MEMBERS = 400
_BANDS = 410
NPS_ANSWERS, PROMOTERS, DETRACTORS = 420, 421, 422
CSAT_ANSWERS, CSAT_SUM, CES_ANSWERS, CES_SUM = 423, 424, 425, 426
LOAD, RESPONSES, RESPONSE_SECONDS = 427, 428, 429
ROLES_KNOWN, DECISION_MAKERS, ROLES_DATED, ROLE_DAYS = 430, 431, 432, 433
_RESPONSE_TIMES = 512

WHOLE_SHARE: Final = 10_000
"""A share of a scale is told in so many parts."""
_PROMOTER, _DETRACTOR = 9_000, 6_000
_DAY_MS = 86_400_000
_CLASSES = 256


def counts_of_member(one: Contribution | None) -> Sums:
    """What a contact gives, as counts."""
    if one is None:
        return {}
    counts = {
        MEMBERS: 1,
        LOAD: one.load,
        RESPONSES: one.responses,
        RESPONSE_SECONDS: one.response_seconds,
        **_share_counts(one.score, one.band, one.confidence or "low"),
    }
    if one.nps is not None:
        counts |= {NPS_ANSWERS: 1, PROMOTERS: int(one.nps >= _PROMOTER), DETRACTORS: int(one.nps <= _DETRACTOR)}
    if one.csat is not None:
        counts |= {CSAT_ANSWERS: 1, CSAT_SUM: one.csat}
    if one.ces is not None:
        counts |= {CES_ANSWERS: 1, CES_SUM: one.ces}
    if one.decision_maker is not None:
        counts |= {ROLES_KNOWN: 1, DECISION_MAKERS: int(one.decision_maker)}
    if one.decision_maker and one.in_role_since is not None:
        counts |= {ROLES_DATED: 1, ROLE_DAYS: one.in_role_since // _DAY_MS}
    for number in one.response_times:
        counts[_RESPONSE_TIMES + number] = counts.get(_RESPONSE_TIMES + number, 0) + 1
    return counts


def counts_of_account(one: AccountShare | None) -> Sums:
    """What an account gives to a portfolio, as counts."""
    return {} if one is None else {MEMBERS: 1, **_share_counts(one.score, one.band, "low")}


def _share_counts(score: int | None, band: Band | None, confidence: Confidence) -> Sums:
    counts = {} if score is None else {3 * score + CONFIDENCES.index(confidence): 1}
    if band is not None:
        counts[_BANDS + BANDS.index(band)] = 1
    return counts


def change(sums: Sums, counts: Sums, sign: int) -> None:
    """Add counts to sums (in place), or take them back with a sign of -1. What comes to nothing is left out."""
    for number, count in counts.items():
        new = sums.get(number, 0) + sign * count
        if new:
            sums[number] = new
        else:
            sums.pop(number, None)


# -- what sums say -----------------------------------------------------------------------------------------------------


def scored(sums: Sums) -> int:
    """How many members have a score."""
    return sum(count for number, count in sums.items() if number in _SCORES)


def total(sums: Sums) -> int:
    """The sum of their scores, each counted once."""
    return sum(number // 3 * count for number, count in sums.items() if number in _SCORES)


def mean(sums: Sums) -> float | None:
    """The mean of their scores, weighted by confidence."""
    weights = points = 0
    for number, count in sums.items():
        if number in _SCORES:
            weight = CONFIDENCE_WEIGHTS[number % 3] * count
            weights += weight
            points += weight * (number // 3)
    return points / weights if weights else None


def minimum(sums: Sums) -> int | None:
    """The lowest of their scores."""
    return min((number // 3 for number in sums if number in _SCORES), default=None)


def bands(sums: Sums) -> dict[str, int]:
    """How many are in each band, those with nobody left out."""
    return {band: sums[_BANDS + place] for place, band in enumerate(BANDS) if _BANDS + place in sums}


def nps(sums: Sums) -> float | None:
    """Promoters less detractors, in percent of the answers."""
    answers = sums.get(NPS_ANSWERS, 0)
    return 100 * (sums.get(PROMOTERS, 0) - sums.get(DETRACTORS, 0)) / answers if answers else None


def mean_share(sums: Sums, answers: int, total_of: int) -> float | None:
    """The mean of answers by their share of the scale, 0..1: `answers` and `total_of` number the counts."""
    count = sums.get(answers, 0)
    return sums.get(total_of, 0) / count / WHOLE_SHARE if count else None


def mean_response(sums: Sums) -> float | None:
    """The mean first response time, in seconds."""
    count = sums.get(RESPONSES, 0)
    return sums.get(RESPONSE_SECONDS, 0) / count if count else None


def median_response(sums: Sums) -> float | None:
    """The median first response time in seconds, to one part in 16: the middle of the class that it is in."""
    counts = sorted((number, count) for number, count in sums.items() if number >= _RESPONSE_TIMES)
    known = sum(count for _, count in counts)
    if not known:
        return None
    return (_nth(counts, (known - 1) // 2) + _nth(counts, known // 2)) / 2


def _nth(counts: Iterable[tuple[int, int]], place: int) -> float:
    for number, count in counts:
        place -= count
        if place < 0:
            return middle_of_class(number - _RESPONSE_TIMES)
    raise IndexError("there are fewer response times than that")


def response_class(seconds: int) -> int:
    """The class of a response time: exact below 16 seconds, from there eight to each doubling. At most 255."""
    size = seconds.bit_length()
    if size <= 4:
        return seconds
    return min(_CLASSES - 1, 8 * (size - 3) + (seconds >> (size - 4) & 7))


def middle_of_class(number: int) -> float:
    """The middle of a class of response times, in seconds."""
    if number < 16:
        return float(number)
    width = 1 << (number // 8 - 1)
    return (8 + number % 8) * width + (width - 1) / 2
