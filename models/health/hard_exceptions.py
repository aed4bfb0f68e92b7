"""Hard exceptions: what caps a score, however good its components are ("an open urgent ticket caps it at 60")."""

from typing import Annotated

import msgspec

from models.health.components.factor import Window, window
from models.health.components.own_tickets import own_tickets
from models.health.components.registry import NAMES
from models.health.facts.answers import KINDS, latest
from models.health.facts.sections import ANSWERS, CLOCK, LEFT, NOTHING, TICKET_TIMES, TICKETS
from models.health.facts.tickets import SEVERITIES
from models.health.state import Components, ContactState
from schemas.base import Severity, Share, SurveyKind

SLUG_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
Slug = Annotated[str, msgspec.Meta(pattern=SLUG_PATTERN)]
"""The name of a segment or an exception: small letters, digits, `-` and `_`."""


class _Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    @property
    def reads(self) -> int:
        """The sections of the row that it depends on beside the components, CLOCK included."""
        return NOTHING

    def holds(self, state: ContactState, components: Components, now: int) -> bool:
        """Whether it holds at `now`, where the components of the model have these values."""
        raise NotImplementedError

    def next_change(self, state: ContactState, now: int) -> int | None:
        """The first millisecond after `now` at which time alone may change it."""
        return None


class OpenTicket(_Condition, frozen=True, kw_only=True):
    """At least `count` tickets are open, pending or on hold; with `severity` only those as severe or more so count."""

    severity: Severity | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1

    @property
    def reads(self) -> int:
        """Tickets alone."""
        return TICKETS | TICKET_TIMES | LEFT

    def holds(self, state: ContactState, components: Components, now: int) -> bool:
        """Counted over the listed tickets; of those beyond the list no severity is known."""
        is_open = [ticket for ticket in own_tickets(state).all if ticket.is_open]
        if self.severity is None:
            return len(is_open) + (0 if state.totals is None else state.totals.open_beyond) >= self.count
        level = SEVERITIES[self.severity]
        known = [ticket.severity_level for ticket in is_open]
        return sum(one is not None and one >= level for one in known) >= self.count


class PoorAnswer(_Condition, frozen=True, kw_only=True):
    """The latest answer of a kind lies at the share `at_most` of its scale or below (6 of an NPS of 0 to 10 is 0.6),
    and is at most `window_days` old if that is given.
    """

    kind: SurveyKind
    at_most: Share
    window_days: Window | None = None

    @property
    def reads(self) -> int:
        """Within a window it ends by time alone."""
        return ANSWERS if self.window_days is None else ANSWERS | CLOCK

    def holds(self, state: ContactState, components: Components, now: int) -> bool:
        """By the latest answer of the kind alone."""
        answer = latest(state.answers, frozenset((KINDS[self.kind],)))
        if answer is None or answer.share > self.at_most:
            return False
        return self.window_days is None or answer.at >= now - window(self.window_days)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """When the answer leaves the window."""
        answer = latest(state.answers, frozenset((KINDS[self.kind],)))
        if answer is None or self.window_days is None or answer.at < now - window(self.window_days):
            return None
        return answer.at + window(self.window_days) + 1


class PoorComponent(_Condition, frozen=True, kw_only=True):
    """The value (0 to 1) of a component of the model is `at_most` or less. One without data is not poor."""

    name: str
    at_most: Share

    def holds(self, state: ContactState, components: Components, now: int) -> bool:
        """By the measured components: no fact is looked at again."""
        return any(one is not None and NAMES[one.code] == self.name and one.value <= self.at_most for one in components)


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What must hold for a hard exception: everything that is named."""

    open_ticket: OpenTicket | None = None
    answer: PoorAnswer | None = None
    component: PoorComponent | None = None

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError(f"it names no condition; there are: {', '.join(self.__struct_fields__)}")

    @property
    def parts(self) -> list[_Condition]:
        """The conditions that are named."""
        return [one for one in (self.open_ticket, self.answer, self.component) if one is not None]


class HardException(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """While `when` holds, the score is `cap` at most."""

    name: Slug
    when: Condition
    cap: Annotated[int, msgspec.Meta(ge=0, le=99)]

    @property
    def reads(self) -> int:
        """The sections that it depends on beside the components."""
        sections = NOTHING
        for part in self.when.parts:
            sections |= part.reads
        return sections

    def holds(self, state: ContactState, components: Components, now: int) -> bool:
        """Whether it applies at `now`."""
        return all(part.holds(state, components, now) for part in self.when.parts)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """The first millisecond after `now` at which time alone may change that."""
        return min([at for part in self.when.parts if (at := part.next_change(state, now)) is not None], default=None)


def capped(
    exceptions: tuple[HardException, ...], score: int, state: ContactState, components: Components, now: int
) -> tuple[int, str | None]:
    """The score after the exceptions, and the name of the one that lowered it: the lowest cap, of equal ones the first
    in the model.
    """
    capped_by = None
    for exception in exceptions:
        if exception.cap < score and exception.holds(state, components, now):
            score, capped_by = exception.cap, exception.name
    return score, capped_by
