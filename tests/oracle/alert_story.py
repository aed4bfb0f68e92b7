"""One kind of alert over time: what has to be told, look by look at its condition (8.1 to 8.8)."""

from dataclasses import dataclass

from tests.oracle.alert_conditions import BETWEEN, HOLDS
from tests.oracle.alert_rules import Rule, cooldown, dwell


@dataclass(frozen=True)
class Look:
    """How a condition stood at a time, and since when, if it began to hold then.

    `quiet`: what begins or ends is not told (an import, another model). `late`: what moved it had occurred a day
    before. `daily`: it is the morning. `gone`: there is no score any more. `unwatched`: the model in force does not
    have the kind. `remodelled`: another model is why it is looked at.
    """

    now: int
    stand: str
    since: int
    rule: Rule
    quiet: bool = False
    late: bool = False
    daily: bool = False
    gone: bool = False
    unwatched: bool = False
    remodelled: bool = False


@dataclass(frozen=True)
class Said:
    """What goes out at a look: that an episode begins, or (`over`) that it has ended."""

    episode: int
    over: bool
    since: int | None
    suppressed: int = 0
    late: bool = False


class Story:
    """What was told until now, and what waits: for the clock (`ready_at`) or for the morning. `renews`: it can happen
    anew, later, while it holds.
    """

    def __init__(self, kind: str, renews: bool = False) -> None:
        self.last: Look | None = None
        self._said: list[Said] = []
        self._kind, self._renews = kind, renews
        self._latest = -1
        self._episodes = self._held_back = 0
        self._told_at: int | None = None
        self._holds_since: int | None = None
        self._came_late = self._went_late = False
        self._within: bool | None = None
        """Whether the episode that lasts was told; None between episodes."""

    def ready_at(self, rule: Rule) -> int | None:
        """When an alert goes out by the clock, by the rule that is in force now."""
        if self._within is not None or self._holds_since is None or self._came_late:
            return None
        return self._ready_at(rule, self._holds_since)

    def _ready_at(self, rule: Rule, since: int) -> int:
        held = since + dwell(self._kind, rule, self._came_late)
        return held if self._told_at is None else max(held, self._told_at + cooldown(rule))

    def hear(self, look: Look) -> list[Said]:
        """The next look; returns what goes out at it."""
        self.last, self._said = look, []
        if look.unwatched:
            self._within = self._holds_since = None  # nobody looks: what was is over, and nothing is said of it
            self._came_late = self._went_late = False
        elif look.stand == HOLDS:
            self._holds(look)
        else:
            self._holds_not(look)
        return self._said

    def _holds(self, look: Look) -> None:
        if self._renews and self._within is not None and look.since > self._latest:
            self._within = self._holds_since = None  # it happened once more: an episode of its own
        came, self._went_late = self._holds_since is None, False
        if came:
            self._latest = look.since
        since = self._holds_since = look.since if self._holds_since is None else self._holds_since
        if self._within is not None:
            self._held_back += came and not self._renews  # what happened once is not held back by that
            return
        if came and look.quiet:
            self._episodes, self._within = self._episodes + 1, False
            return
        if came:
            self._came_late = look.late
        if (self._came_late and not look.daily) or look.now < self._ready_at(look.rule, since):
            return
        if look.quiet and look.remodelled:  # it is the other rule that does not let it wait any longer
            self._episodes, self._within = self._episodes + 1, False
            return
        self._episodes, self._within, self._told_at = self._episodes + 1, True, look.now
        self._said.append(Said(self._episodes, False, since, self._held_back, self._came_late))
        self._held_back, self._came_late = 0, False

    def _holds_not(self, look: Look) -> None:
        if self._within is None:
            self._held_back += self._holds_since is not None and not self._came_late
        self._holds_since, self._came_late = None, False
        if self._within is None:
            return
        if look.stand == BETWEEN:
            self._went_late = False
        elif not look.gone and (look.late or (self._went_late and not look.daily)):
            self._went_late = True
        else:
            if self._within and not look.quiet and not look.gone:
                self._said.append(Said(self._episodes, True, None, late=self._went_late))
            self._within, self._went_late = None, False
