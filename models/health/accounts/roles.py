"""The account's decision makers: when they came, went and began in their role."""

from bisect import bisect_right, insort
from collections.abc import Sequence

import msgspec

from models.health.facts.ids import id_number
from schemas.signals import Contribution, MemberContribution, MemberLeft

KEPT = 8
DATED = 0


class Change(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """A decision maker began or went at `at`. `contact` is who began when its profile said so (the hash of its id),
    until its profile says since when, or it goes; else `DATED`.
    """

    at: int
    contact: int = DATED


class Roles(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`first` is when the first decision maker began, `changes` are the latest that began or went, by time."""

    first: int | None = None
    changes: tuple[Change, ...] = ()

    def changed_at(self, now: int) -> int | None:
        """The latest change up to `now`; that there was somebody for the first time is none."""
        place = bisect_right(self.changes, now, key=lambda change: change.at)
        latest = self.changes[place - 1].at if place else None
        return None if latest is None or self.first is None or latest <= self.first else latest


def changed_roles(roles: Roles, fact: MemberContribution | MemberLeft, at: int) -> Roles:
    """The same after what a contact tells at `at` (UTC milliseconds). That two contacts are one person is no change."""
    gave, gives = fact.gave, None if isinstance(fact, MemberLeft) else fact.gives
    was, decides = _decides(gave), _decides(gives)
    if gives is not None and decides:
        assert isinstance(fact, MemberContribution)
        return _decided(roles, fact, was, at)
    if not was or (isinstance(fact, MemberLeft) and fact.merged):
        return roles
    return Roles(roles.first, _with(_renamed(roles.changes, fact.contact, DATED), Change(at)))


def _decided(roles: Roles, fact: MemberContribution, was: bool, at: int) -> Roles:
    since, before = fact.gives.in_role_since, fact.gave.in_role_since if fact.gave is not None and was else None
    if was and fact.absorbed is None and since in (None, before):
        return roles
    contact = id_number(fact.contact)
    changes = roles.changes if fact.absorbed is None else _renamed(roles.changes, fact.absorbed, contact)
    if since is None:
        if was or fact.absorbed is not None:
            return Roles(roles.first, changes)
        return Roles(at if roles.first is None else min(at, roles.first), _with(changes, Change(at, contact)))
    corrected = Change(before) if before is not None and since < before else None
    left = [change for change in changes if change.contact != contact]
    if corrected in left:
        left.remove(corrected)
    known = (was or fact.absorbed is not None) and Change(since) in left
    kept = left if known else _with(left, Change(since))
    if roles.first is None or roles.first in {change.at for change in changes} - {change.at for change in left}:
        return Roles(min(change.at for change in kept), tuple(kept))
    return Roles(min(since, roles.first), tuple(kept))


def _decides(one: Contribution | None) -> bool:
    return one is not None and one.decision_maker is True


def _renamed(changes: Sequence[Change], contact: str, to: int) -> tuple[Change, ...]:
    """The same where another stands for a contact."""
    if not any(change.contact for change in changes):
        return tuple(changes)
    number = id_number(contact)
    return tuple(sorted(Change(one.at, to) if one.contact == number else one for one in changes))


def _with(changes: Sequence[Change], change: Change) -> tuple[Change, ...]:
    kept = list(changes)
    insort(kept, change)
    return tuple(kept[-KEPT:])
