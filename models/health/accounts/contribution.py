"""What a contact gives to its account, and the facts that tell the account when it changes.

A row knows what it gave last, so the account can take exactly that back: the account has no list of its members.
"""

from datetime import date

import msgspec

from models.health.accounts.sums import CONFIDENCES, WHOLE_SHARE, response_class
from models.health.assess import confidence
from models.health.bands import BANDS
from models.health.components.factor import window
from models.health.components.windows import began, earliest, next_to_leave, own_tickets, times_opened
from models.health.facts.answers import CES, NPS, SATISFACTION, Answer, Kind, latest
from models.health.facts.messages import DAY_MS, conversations_without_ticket
from models.health.facts.profile import Profile
from models.health.facts.sections import ANSWERS, HISTORY, LIFE, MESSAGES, TICKETS
from models.health.facts.tickets import NEVER, Ticket
from models.health.state import ContactState, Given, Published
from schemas.signals import Contribution, MemberContribution, MemberLeft

WINDOW_MS = window(60)
MEASURED = ANSWERS | MESSAGES | TICKETS | HISTORY | LIFE
"""The sections of a row that what it gives is measured from, beside its score and its profile."""

_NPS: frozenset[Kind] = frozenset((NPS,))
_CES: frozenset[Kind] = frozenset((CES,))

MemberFact = MemberContribution | MemberLeft


class Before(msgspec.Struct, frozen=True, gc=False):
    """What a row was before a signal, as far as it gives anything."""

    profile: Profile | None = None
    given: Given | None = None


NOBODY = Before()


def before(state: ContactState | None) -> Before:
    """What `contribute` has to know of a row before a signal changes it."""
    if state is None or state.profile is None:
        return NOBODY
    return Before(state.profile, state.given)


def contribute(
    tenant: str, contact: str, state: ContactState, old: Before, sections: int, now: int, after: int
) -> list[MemberFact]:
    """What accounts are told of a contact whose row has moved on from `old`; the row keeps what it gives now.

    `sections` are those that changed since. Where `state.given` is another object afterwards, the row must be written.
    `after` is the day (a proleptic ordinal, 0: none) of the latest tick before
    this in the contact's log. An erased contact gives nothing, nor does one that was merged into another.
    """
    profile, gave = state.profile, old.given
    was = None if gave is None or old.profile is None else old.profile.account
    account = None if profile is None or state.merged_into is not None else profile.account
    if account is None and was is None:
        return []
    gives = None if account is None else _given(state, gave, sections, now)
    state.given = gives
    stays = account == was and gives is not None and gave is not None and _same(gives, gave)
    if stays and (old.profile is profile or _role(old.profile) == _role(profile)):
        return []
    day = date.fromordinal(after) if after else None
    taken = None if gave is None or was is None else _contribution(gave, old.profile)
    told: list[MemberFact] = []
    if was is not None and taken is not None and was != account:
        told.append(
            MemberLeft(tenant=tenant, account=was, contact=contact, seq=state.seq, gave=taken, after=day),
        )
    if account is not None and gives is not None:
        told.append(
            MemberContribution(
                tenant=tenant,
                account=account,
                contact=contact,
                seq=state.seq,
                gives=_contribution(gives, profile),
                gave=taken if was == account else None,
                after=day,
            )
        )
    return told


def _given(state: ContactState, gave: Given | None, sections: int, now: int) -> Given:
    """What the row gives at `now`: measured anew if what it is measured from has changed, or time has."""
    shown = _shown(state.published)
    if gave is not None and not sections & MEASURED and not gave.is_due(now):
        return gave if shown == gave.shown else msgspec.structs.replace(gave, shown=shown)
    since = now - WINDOW_MS
    opened = times_opened(state)
    talked = conversations_without_ticket(state.messages)
    answered = [ticket for ticket in own_tickets(state) if ticket.responded_at != NEVER]
    waits = [_wait(ticket) for ticket in answered if ticket.opened_at >= since]
    buckets = [bucket for bucket in state.buckets if bucket.responses and began(bucket) >= since]
    until = earliest(next_to_leave(opened, WINDOW_MS, now), next_to_leave(talked, WINDOW_MS, now))
    gives = Given(
        shown,
        _share(latest(state.answers, _NPS)),
        _share(latest(state.answers, SATISFACTION)),
        _share(latest(state.answers, _CES)),
        _opened_since(state, since) + sum([at >= since for at in talked]),
        len(waits) + sum(bucket.responses for bucket in buckets),
        sum(waits) + sum(bucket.response_ms // 1000 for bucket in buckets),
        bytes(sorted(response_class(wait) for wait in waits)),
        None if until is None else until // DAY_MS,
    )
    return gave if gives == gave else gives


def _opened_since(state: ContactState, since: int) -> int:
    listed = sum([ticket.opened_at >= since for ticket in own_tickets(state)])
    return listed + sum(bucket.tickets for bucket in state.buckets if began(bucket) >= since)


def _wait(ticket: Ticket) -> int:
    return max(0, ticket.responded_at - ticket.opened_at) // 1000


def _share(answer: Answer | None) -> int | None:
    return None if answer is None else round(answer.share * WHOLE_SHARE)


def _shown(published: Published | None) -> int | None:
    """Score, band and confidence as one number."""
    if published is None:
        return None
    return (published.score * 4 + published.band) * 3 + CONFIDENCES.index(confidence(published.facts))


def _same(one: Given, other: Given) -> bool:
    """Whether two say the same: they may hold for different times."""
    return one is other or msgspec.structs.replace(one, until_day=other.until_day) == other


def _role(profile: Profile | None) -> tuple[bool | None, int | None]:
    return (None, None) if profile is None else (profile.decision_maker, profile.in_role_since)


def _contribution(given: Given, profile: Profile | None) -> Contribution:
    decision_maker, in_role_since = _role(profile)
    shown = given.shown
    return Contribution(
        score=None if shown is None else shown // 12,
        band=None if shown is None else BANDS[shown // 3 % 4],
        confidence=None if shown is None else CONFIDENCES[shown % 3],
        nps=given.nps,
        csat=given.csat,
        ces=given.ces,
        load=given.load,
        responses=given.responses,
        response_seconds=given.response_seconds,
        response_times=tuple(given.response_times),
        decision_maker=decision_maker,
        in_role_since=in_role_since,
    )
