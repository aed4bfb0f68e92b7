"""When the condition of each kind of alert holds, and when it is over (8.1, 8.9 to 8.13)."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter

from tests.oracle.alert_rules import DECLINED, Rule
from tests.oracle.facts import DAY, SEVERITIES, Facts, exact
from tests.oracle.scoring import Assessment, Close

HOLDS, BETWEEN, OVER = "holds", "between", "over"
LEVELS = ("low", "medium", "high")
RECENT, HISTORY = 14 * DAY, 60 * DAY


@dataclass(frozen=True)
class Seen:
    """What is known of a contact when its alerts are looked at; `said` is what was last published."""

    now: int
    facts: Facts
    closes: list[Close]
    said: Assessment
    at_risk_since: int | None


def declined(rule: Rule, seen: Seen) -> str:
    """At risk is `at` or less, with `strict` below it; over from `rearm_at` on."""
    score = seen.said.score
    if score >= rule["rearm_at"]:
        return OVER
    low = score < rule["at"] if rule["strict"] else score <= rule["at"]
    known = LEVELS.index(seen.said.confidence) >= LEVELS.index(rule["min_confidence"])
    return HOLDS if low and known else BETWEEN


def steep_drop(rule: Rule, seen: Seen) -> str:
    """`points` below the highest close of the last `days`, the one in force at their beginning included."""
    later = bisect_right(seen.closes, seen.now - rule["days"] * DAY, key=attrgetter("at"))
    closes = seen.closes[max(0, later - 1) :]
    if not closes:
        return OVER
    drop = max(close.score for close in closes) - seen.said.score
    return HOLDS if drop >= rule["points"] else OVER if drop < rule["rearm_points"] else BETWEEN


def ticket_volume_rising(rule: Rule, seen: Seen) -> str:
    """Tickets of 14 days against the contact's own rate of the 60 days before."""
    recent, before = (len(tickets) for tickets in _recent_and_before(seen))
    if before < rule["min_history"]:
        return OVER
    ratio = Fraction(recent, 14) / Fraction(before, 60)
    if recent >= rule["min_recent"] and ratio >= exact(rule["ratio"]):
        return HOLDS
    return OVER if ratio < exact(rule["rearm_ratio"]) else BETWEEN


def severity_rising(rule: Rule, seen: Seen) -> str:
    """Mean severity of 14 days less that of the 60 days before, in levels, of the tickets whose severity is known."""
    known = [[SEVERITIES.index(one) for one in tickets if one is not None] for tickets in _recent_and_before(seen)]
    if any(len(levels) < rule["min_tickets"] for levels in known):
        return OVER
    recent, before = (Fraction(sum(levels), len(levels)) for levels in known)
    rise = recent - before
    return HOLDS if rise >= exact(rule["levels"]) else OVER if rise < exact(rule["rearm_levels"]) else BETWEEN


def no_recovery(rule: Rule, seen: Seen) -> str:
    """At risk, while enough tickets that still are solved were solved in that time. The days are its dwell."""
    since = seen.at_risk_since
    if since is None:
        return OVER
    solved = [ticket for ticket in seen.facts.own_tickets() if ticket.is_settled and ticket.solved_at >= since]
    return HOLDS if len(solved) >= rule["solved"] else OVER


def tone(rule: Rule, seen: Seen) -> str:
    """Of the last classified messages `upset` or more read frustrated or sad; over when none of them does."""
    own = [one for one in seen.facts.latest_messages() if one.author == "customer" and one.label is not None]
    upset = sum(bool({"frustrated", "sad"} & set(one.tones)) for one in own[: rule["messages"]])
    return HOLDS if upset >= rule["upset"] else BETWEEN if upset else OVER


def _recent_and_before(seen: Seen) -> tuple[list[str | None], list[str | None]]:
    """The severities of the tickets opened in the last 14 days, and of those of the 60 days before."""
    opened = seen.facts.times_opened()
    recent = [severity for at, severity in opened if at >= seen.now - RECENT]
    before = [severity for at, severity in opened if seen.now - RECENT - HISTORY <= at < seen.now - RECENT]
    return recent, before


CONDITIONS: dict[str, Callable[[Rule, Seen], str]] = {
    DECLINED: declined,
    "steep_drop": steep_drop,
    "ticket_volume_rising": ticket_volume_rising,
    "severity_rising": severity_rising,
    "no_recovery": no_recovery,
    "tone": tone,
}
