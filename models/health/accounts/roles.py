"""The account's decision makers: when they came, went and began in their role."""

from bisect import bisect_right, insort

import msgspec

from schemas.signals import Contribution

KEPT = 8


class Roles(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`first` is when the first decision maker began, `changes` the latest times at which one began or went."""

    first: int | None = None
    changes: tuple[int, ...] = ()

    def changed_at(self, now: int) -> int | None:
        """The latest change up to `now`; that there was somebody for the first time is none."""
        place = bisect_right(self.changes, now)
        latest = self.changes[place - 1] if place else None
        return None if latest is None or self.first is None or latest <= self.first else latest


def changed_roles(roles: Roles, gave: Contribution | None, gives: Contribution | None, at: int) -> Roles:
    """The same after a contact gives this in place of that, at `at` (UTC milliseconds)."""
    was = gave is not None and gave.decision_maker is True
    is_one = gives is not None and gives.decision_maker is True
    since = None if gives is None else gives.in_role_since
    if is_one and (not was or (since is not None and (gave is None or since != gave.in_role_since))):
        began = at if since is None else since
        first = began if roles.first is None else min(began, roles.first)
        return Roles(first, _with(roles.changes, began))
    if was and not is_one:
        return Roles(roles.first, _with(roles.changes, at))
    return roles


def _with(changes: tuple[int, ...], at: int) -> tuple[int, ...]:
    if at in changes:
        return changes
    kept = list(changes)
    insort(kept, at)
    return tuple(kept[-KEPT:])
