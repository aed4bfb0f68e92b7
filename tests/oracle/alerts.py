"""Which alerts a contact must give, worked out from everything that ever moved it.

What moves a contact is looked at by each rule; what is to be told follows from all the looks since the beginning.
"""

from dataclasses import dataclass

from schemas.event_ids import event_id
from tests.oracle.alert_conditions import BETWEEN, CONDITIONS, HOLDS, OVER, Seen
from tests.oracle.alert_rules import DECLINED, RECOVERED, Rules
from tests.oracle.alert_story import Look, Said, Story


@dataclass(frozen=True)
class How:
    """How something came: by an import that asks for no alerts (`quiet`), more than a day after it occurred (`late`),
    as the daily recompute, by another model, from an alias (`passed_on`).
    """

    quiet: bool = False
    late: bool = False
    daily: bool = False
    remodelled: bool = False
    passed_on: bool = False


LIVE = How()
MORNING = How(daily=True)
REMODELLED = How(remodelled=True)


@dataclass(frozen=True)
class Alert:
    """An alert that goes out."""

    kind: str
    at: int
    event_id: str
    episode_id: str
    first_time: bool
    suppressed_count: int
    late: bool
    since: int | None
    score: int
    band: str
    computed_band: str
    confidence: str


class OracleAlerts:
    """The alerts of one contact."""

    def __init__(self, tenant: str, contact: str) -> None:
        self.told: list[Alert] = []
        self._tenant, self._contact = tenant, contact
        self._erased_at: int | None = None
        self._stories: dict[str, Story] = {}

    def forget(self, erased_at: int | None) -> None:
        """The contact was erased or merged: all episodes end untold, and what comes has other ids than what was."""
        self._erased_at, self._stories = erased_at, {}

    def ready_at(self, rules: Rules) -> int | None:
        """When the next of them goes out by the clock."""
        times = [story.ready_at(rules[kind]) for kind, story in self._stories.items() if rules[kind]["enabled"]]
        return min((time for time in times if time is not None), default=None)

    def look(self, now: int, rules: Rules, seen: Seen | None, moved: set[str], how: How, *, timely: bool) -> None:
        """Look at the kinds that have `moved`; without a score (`seen` None) none holds. The clock, the morning and
        another model (`timely`) look at all, and time alone can only end them.
        """
        for kind in CONDITIONS:
            if not rules[kind]["enabled"]:
                self._look_away(kind, now, rules)
            elif kind in moved or timely:
                self._look(kind, now, rules, seen, kind in moved, how)

    def _look_away(self, kind: str, now: int, rules: Rules) -> None:
        story = self._stories.get(kind)
        if story is not None and story.last is not None and not story.last.unwatched:
            story.hear(Look(now, OVER, now, rules[kind], unwatched=True))

    def _look(self, kind: str, now: int, rules: Rules, seen: Seen | None, moved: bool, how: How) -> None:
        rule, story = rules[kind], self._stories.get(kind)
        stand = OVER if seen is None else CONDITIONS[kind](rule, seen)
        held = story is not None and story.last is not None and story.last.stand == HOLDS
        if stand == HOLDS and not moved and not held:
            stand = BETWEEN
        if story is None and stand != HOLDS:
            return
        since = seen.at_risk_since if kind == "no_recovery" and seen is not None else now
        quiet = how.quiet or (how.remodelled and not rule["on_model_change"])
        since = now if since is None else since
        look = Look(now, stand, since, rule, quiet, how.late, how.daily, seen is None, remodelled=how.remodelled)
        for said in self._stories.setdefault(kind, Story(kind)).hear(look):
            if seen is not None:
                self._say(kind, rules, seen, said)

    def _say(self, kind: str, rules: Rules, seen: Seen, said: Said) -> None:
        name = RECOVERED if said.over else kind
        if said.over and (kind != DECLINED or not rules[RECOVERED]["enabled"]):
            return
        number = f"{said.episode}" if self._erased_at is None else f"{self._erased_at}.{said.episode}"
        alert = Alert(
            kind=name,
            at=seen.now,
            event_id=event_id(self._tenant, self._contact, f"alert.{name}", number),
            episode_id=event_id(self._tenant, self._contact, f"episode.{kind}", number),
            first_time=said.episode == 1,
            suppressed_count=said.suppressed,
            late=said.late,
            since=said.since,
            score=seen.said.score,
            band=seen.said.band,
            computed_band=seen.said.computed_band,
            confidence=seen.said.confidence,
        )
        self.told.append(alert)
