"""The rules of contacts' alerts: which kinds there are, and the parameters that a model gives them (8)."""

from typing import Any

from tests.oracle.facts import DAY

Rule = dict[str, Any]
"""The parameters of a kind of alert."""

Rules = dict[str, Rule]
"""Each kind's rule."""

DECLINED, RECOVERED = "contact_health_declined", "contact_health_recovered"
HOUR, MINUTE = 3_600_000, 60_000

OF_ALL: Rule = {"enabled": True, "dwell_minutes": 0, "cooldown_hours": 24, "on_model_change": False}
OF_KIND: Rules = {
    DECLINED: {"strict": False, "min_confidence": "low", "dwell_minutes": 10},
    RECOVERED: {},
    "steep_drop": {"points": 15, "rearm_points": 10, "days": 7},
    "ticket_volume_rising": {"ratio": 2, "rearm_ratio": 1.5, "min_recent": 3, "min_history": 3, "cooldown_hours": 168},
    "severity_rising": {"levels": 1, "rearm_levels": 0.5, "min_tickets": 2, "cooldown_hours": 168},
    "no_recovery": {"days": 14, "solved": 2},
    "tone": {"upset": 2, "messages": 3},
}


def rules_of(alerts: dict[str, Rule], edge: int) -> Rules:
    """The rules of a document's block `alerts`: what it does not name has its default. At risk is below `edge`."""
    rules = {kind: OF_ALL | own | alerts.get(kind, {}) for kind, own in OF_KIND.items()}
    return rules | {DECLINED: with_edges(rules[DECLINED], edge)}


def with_edges(rule: Rule, edge: int) -> Rule:
    """A rule of decline with the scores at which it is raised and armed again: by the band, where they are not said."""
    at = rule.get("at", edge - 1)
    return {"at": at, "rearm_at": min(100, at + 5)} | rule


def dwell(kind: str, rule: Rule, late: bool) -> int:
    """How long a condition has to hold (milliseconds); what came late has waited for the morning instead. The days of
    `no_recovery` are the condition itself.
    """
    if kind == "no_recovery":
        return int(rule["days"]) * DAY
    return 0 if late else round(rule["dwell_minutes"] * MINUTE)


def cooldown(rule: Rule) -> int:
    """How long no other alert of the kind goes out (milliseconds)."""
    length: int = round(rule["cooldown_hours"] * HOUR)
    return length
