"""A contact over time: what is published of it when, why, and what closes its days."""

from dataclasses import dataclass, replace
from fractions import Fraction

import msgspec

from schemas.base import Event
from schemas.control import (
    ContactErased,
    ContactMerged,
    ContactRestored,
    OverrideCleared,
    OverrideSet,
)
from schemas.event_ids import event_id
from schemas.messages import MessageClassified
from schemas.profiles import ContactUpdated
from schemas.signals import ContactFact
from schemas.tickets import TicketReplied
from tests.oracle.alert_conditions import CONDITIONS, Seen
from tests.oracle.alert_rules import DECLINED, Rules
from tests.oracle.alerts import LIVE, MORNING, REMODELLED, How, OracleAlerts
from tests.oracle.facts import Facts, Ticket, when
from tests.oracle.model import BANDS, Model
from tests.oracle.scoring import Assessment, Close, assess, override_in_force


@dataclass(frozen=True)
class Published:
    """A score record: what it says, and why it went out. Parts of a change that are zero are left out."""

    seq: int
    at: int
    said: Assessment
    cause: tuple[str, str | None]
    previous_score: int | None
    total: Fraction
    by_decay: dict[str, Fraction]
    by_signal: dict[str, Fraction]


@dataclass(frozen=True)
class BandChange:
    """A change of band, with the score record `seq`."""

    seq: int
    at: int
    from_band: str | None
    to_band: str
    direction: str


@dataclass(frozen=True)
class Receipt:
    """An erasure: of what occurred until `erased_at`, under these other names too."""

    seq: int
    at: int
    erased_at: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Before:
    """How a contact stood before something happened, as far as alerts go by what has changed."""

    last: Published | None
    rules: Rules
    tickets: dict[str, Ticket]


class OracleContact:
    """Everything that ever happened to one contact, and what had to be said of it."""

    def __init__(self, tenant: str, contact: str, model: Model | None = None) -> None:
        self.tenant = tenant
        self.contact = contact
        self.model = model or Model()
        self.now = 0
        self.published: list[Published] = []
        self.band_changes: list[BandChange] = []
        self.closes: list[Close] = []
        self.tombstones: list[int] = []
        self.receipts: list[Receipt] = []
        self.unnamed: list[str] = []
        """The names of `health.profiles` that are to be deleted for it, each as often."""
        self.is_nameless = False
        """Whether that topic may not have a name of it: the last one was deleted."""
        self.alerts = OracleAlerts(tenant, contact)
        self.erased_at: int | None = None
        self.restored_at: int | None = None
        self.alias_of: str | None = None
        self._merged_at = (-1, "")
        self._names = {contact}
        self._heard: list[ContactFact] = []
        self._facts = Facts(contact)
        self._days: list[Close] = []
        self._last: Published | None = None
        self._scored_from = 0
        self._override_ends: int | None = None

    def pass_time(self, at: int) -> None:
        """It is `at` now, or later. An override that ended on the way did so at its time, whatever the log has then."""
        self.pass_due(at)
        self.now = max(self.now, at)

    def pass_due(self, at: int) -> None:
        """What ends by then has ended, each at its time: an override, the dwell or the cooldown of an alert."""
        while (due := self._next_due()) is not None and due <= at:
            before, self.now = self._before(), max(self.now, due)
            if due == self._override_ends:
                self._override_ends = None
                self._publish(self.final(), self.final(), ("override", None))
            self._look(before, LIVE, timely=True)

    def _next_due(self) -> int | None:
        in_force = override_in_force(self._facts, self.now)
        self._override_ends = None if in_force is None else in_force[3]
        times = (self._override_ends, self.alerts.ready_at(self._rules))
        return min((time for time in times if time is not None), default=None)

    @property
    def _rules(self) -> Rules:
        return self.model.of(self._facts.profile).alerts

    def feed(self, at: int, fact: ContactFact, how: How = LIVE) -> None:
        """A fact is written to the log at `at`."""
        self.pass_time(at)
        without, before = self.final(), self._before()
        if isinstance(fact, ContactErased) and (self.erased_at is None or when(fact) > self.erased_at):
            self._erase(when(fact))
            return
        if isinstance(fact, ContactRestored):
            self.restored_at = max(self.restored_at or 0, when(fact))
        elif not isinstance(fact, ContactErased | ContactMerged) and not self._is_forgotten(fact):
            self._hear(fact)
            if isinstance(fact, ContactUpdated) and not how.passed_on:
                self.is_nameless = False
        elif isinstance(fact, ContactUpdated):
            self.unname(how)
        self._publish(without, self.final(), _cause(fact))
        self._look(before, how, fact)

    def unname(self, how: How) -> None:
        """Its profile must not be known: it goes from under the name by which it came."""
        if not how.passed_on:
            self.unnamed.append(self.contact)
            self.is_nameless = True

    def merge(self, at: int, fact: ContactMerged, how: How = LIVE) -> "tuple[set[str], list[ContactFact]] | None":
        """The contact is another one from here on: its names and all it ever did are the other's. None if that is not
        the latest word.
        """
        if self._is_forgotten(fact) or (when(fact), fact.event_id) <= self._merged_at:
            self.feed(at, fact, how)
            return None
        self.pass_time(at)
        self._merged_at, self.alias_of = (when(fact), fact.event_id), fact.into
        past = self._names, self._heard
        self._forget()
        return past

    def absorb(self, at: int, merge: ContactMerged, names: set[str], heard: list[ContactFact], how: How = LIVE) -> None:
        """All that another contact ever did was this one's doing. What it was not told, for it was erased then, is not
        known by its name: a ticket that went to it is gone, and so are the names that were told under those others.
        """
        self.pass_time(at)
        without, before = self.final(), self._before()
        if self._is_forgotten(merge):
            self.unnamed += [merge.contact, *sorted(names - {merge.contact})]
        else:
            self._names |= names
            own = {fact.event_id for fact in self._heard if _contact_of(fact) == self.contact}
            own |= {fact.event_id for fact in heard if _contact_of(fact) == merge.contact}
            past = [*self._heard, *heard]
            self._heard, self._facts = [], Facts(self.contact)
            for fact in past:
                if fact.event_id in own:
                    self._hear(fact)
                else:
                    elsewhere = {"contact": merge.contact} if _contact_of(fact) == self.contact else {}
                    self._take(msgspec.structs.replace(fact, **elsewhere))
        cause = event_id(self.tenant, merge.contact, "absorbed", merge.event_id)
        self._publish(without, self.final(), ("contact.absorbed", cause))
        self._look(before, how, merge)

    def _hear(self, fact: ContactFact) -> None:
        """Take in a fact, in which every name of this contact is the same."""
        self._take(msgspec.structs.replace(fact, contact=self.contact) if _contact_of(fact) in self._names else fact)

    def _take(self, fact: ContactFact) -> None:
        self._heard.append(fact)
        self._facts.add(fact)

    def tick(self, day: str, at: int, how: How = MORNING) -> None:
        """The daily recompute of `day` is written to the log at `at`."""
        self.pass_time(at)
        before, said = self._before(), self.final()
        self._publish(said, said, ("recompute", None))
        if said is not None:
            close = Close(day, self.now, said.score, said.score_raw, said.band, said.points())
            if not self._days or _differ(close, self._days[-1]):
                self.closes.append(close)
            self._days.append(close)
        self._look(before, how, timely=True)

    def remodel(self, model: Model, at: int, how: How = REMODELLED) -> None:
        """A model of the contact's tenant is in force from here on; all of the change is its doing."""
        self.pass_time(at)
        before, self.model = self._before(), model
        self._publish(self._last.said if self._last else None, self.final(), ("model_change", None))
        self._look(before, how, timely=True)

    def _before(self) -> "Before":
        return Before(self._last, self._rules, {name: replace(one) for name, one in self._facts.tickets.items()})

    def _look(self, before: "Before", how: How, fact: ContactFact | None = None, *, timely: bool = False) -> None:
        """Look at the alerts after something has happened. A reply may say whose a ticket is, and no more of it."""
        moved = {DECLINED, "no_recovery"}
        if isinstance(fact, MessageClassified | ContactMerged):
            moved |= {"tone"}
        if _score_moved(before.last, self._last):
            moved |= {"steep_drop"}
        if self._own_tickets(before.tickets) != self._own_tickets(self._facts.tickets):
            moved |= {"ticket_volume_rising", "severity_rising"}
        if not isinstance(fact, TicketReplied) and before.tickets != self._facts.tickets:
            moved |= {"severity_rising"}
        if how.remodelled or before.rules != self._rules:
            moved = set(CONDITIONS)
        seen = None
        if self._last is not None:
            seen = Seen(self.now, self._facts, self._days, self._last.said, self._at_risk_since())
        self.alerts.look(self.now, self._rules, seen, moved, how, timely=timely)

    @staticmethod
    def _own_tickets(tickets: dict[str, Ticket]) -> set[str]:
        return {name for name, ticket in tickets.items() if ticket.here}

    def _at_risk_since(self) -> int | None:
        """Since when every score that was published is at risk; None if the last one is not."""
        since = None
        for one in reversed(self.published[self._scored_from :]):
            if one.said.computed_band != "at_risk":
                break
            since = one.at
        return since

    def final(self, now: int | None = None) -> Assessment | None:
        """The score at `now`, or at the last entry of the log that the contact has seen."""
        model = self.model.of(self._facts.profile)
        return assess(self._facts, self._days, self.now if now is None else now, model)

    def _publish(self, without: Assessment | None, said: Assessment | None, cause: tuple[str, str | None]) -> None:
        last = self._last
        if said is None and last is not None:
            self._last, self._scored_from = None, len(self.published)
            self.tombstones.append(self.now)
        if said is None or (last is not None and last.said == said):
            return
        then = last.said.points() if last is not None else {}
        silent = without.points() if without is not None else {}
        self._last = Published(
            seq=len(self.published) + 1,
            at=self.now,
            said=said,
            cause=cause,
            previous_score=last.said.score if last is not None else None,
            total=said.score_raw - (last.said.score_raw if last is not None else 0),
            by_decay=_difference(then, silent),
            by_signal=_difference(silent, said.points()),
        )
        self.published.append(self._last)
        before = last.said.band if last is not None else None
        if before != said.band:
            self.band_changes.append(
                BandChange(self._last.seq, self.now, before, said.band, _direction(before, said.band))
            )

    @property
    def is_erased(self) -> bool:
        """Whether it was erased, and not restored since."""
        return self.erased_at is not None and (self.restored_at is None or self.restored_at <= self.erased_at)

    def _is_forgotten(self, fact: Event) -> bool:
        return self.is_erased or (self.erased_at is not None and when(fact) <= self.erased_at)

    def _erase(self, at: int) -> None:
        self.erased_at = at
        names = tuple(sorted(self._names - {self.contact}))
        self.receipts.append(Receipt(len(self.published), self.now, at, names))
        self.unnamed += [self.contact, *names]
        self.is_nameless = True
        self.alias_of, self._merged_at = None, (-1, "")
        self._forget()

    def _forget(self) -> None:
        self._names, self._heard = {self.contact}, []
        self._facts = Facts(self.contact)
        self._days = []
        self._last, self._scored_from = None, len(self.published)
        self.alerts.forget(self.erased_at)
        self.tombstones.append(self.now)


def _contact_of(fact: ContactFact) -> str | None:
    return getattr(fact, "contact", None)


def _score_moved(before: Published | None, after: Published | None) -> bool:
    """Whether the score is another one, or, at risk, what stands behind it."""
    if before is None or after is None:
        return before is not after
    evidence = before.said.facts != after.said.facts and after.said.computed_band == "at_risk"
    return before.said.score != after.said.score or evidence


def _cause(fact: ContactFact) -> tuple[str, str | None]:
    if isinstance(fact, OverrideSet | OverrideCleared):
        return "override", None
    return str(fact.__struct_config__.tag), fact.event_id


def _difference(before: dict[str, Fraction], after: dict[str, Fraction]) -> dict[str, Fraction]:
    changes = {name: after.get(name, Fraction(0)) - before.get(name, Fraction(0)) for name in {*before, *after}}
    return {name: change for name, change in changes.items() if change}


def _direction(before: str | None, after: str) -> str:
    if before is None:
        return "initial"
    return "improved" if BANDS.index(after) > BANDS.index(before) else "declined"


def _differ(one: Close, other: Close) -> bool:
    return (one.score, one.band, one.score_raw, one.points) != (other.score, other.band, other.score_raw, other.points)
