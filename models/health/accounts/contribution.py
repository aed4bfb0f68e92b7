"""What a contact gives to its account, and the facts that tell the account when it changes.

A row knows what it gave last, so the account can take exactly that back: the account has no list of its members.
"""

from bisect import bisect_left
from datetime import date

import msgspec

from models.health.accounts.sums import CONFIDENCES, WHOLE_SHARE, response_class
from models.health.assess import confidence
from models.health.bands import BANDS
from models.health.components.factor import window
from models.health.components.kept_messages import kept_messages
from models.health.components.own_tickets import own_tickets
from models.health.components.windows import began
from models.health.facts.answers import CES, NPS, SATISFACTION, Answer, Kind, latest
from models.health.facts.messages import DAY_MS
from models.health.facts.profile import Profile
from models.health.facts.sections import ANSWERS, LEFT, LIFE, MEMBERSHIP, PROFILE, TALKS, TICKET_TIMES
from models.health.state import ContactState, Given, Published
from schemas.signals import Contribution, MemberContribution, MemberLeft

WINDOW_MS = window(60)
_OF_TICKETS = TICKET_TIMES | LEFT
MEASURED = ANSWERS | _OF_TICKETS | TALKS
"""The sections of a row that what it gives is measured from, beside its score and its profile."""
_CONCERNED = MEASURED | PROFILE | MEMBERSHIP | LIFE

_NPS: frozenset[Kind] = frozenset((NPS,))
_CES: frozenset[Kind] = frozenset((CES,))

_NOTHING = Given(None, None, None, None, 0, 0, 0, 0, b"", None)

MemberFact = MemberContribution | MemberLeft


class Before(msgspec.Struct, frozen=True, gc=False):
    """What a row was before a signal, as far as it gives anything."""

    profile: Profile | None = None
    given: Given | None = None


NOBODY = Before()


def stands(state: ContactState, published: Published | None, sections: int, now: int) -> bool:
    """Whether what a row gives is surely what it gave before its `sections` changed, when it had published that."""
    if sections & _CONCERNED or state.published is not published:
        return False
    gave = state.given
    return state.profile is None if gave is None else not gave.is_due(now)


def contribute(
    tenant: str,
    contact: str,
    state: ContactState,
    old: Before,
    sections: int,
    now: int,
    after: int,
    absorbed: str | None = None,
) -> list[MemberFact]:
    """What accounts are told of a contact whose row has moved on from `old`; the row keeps what it gives now.

    `sections` are those that changed since. Where `state.given` is another object afterwards, the row must be written.
    `after` is the day (a proleptic ordinal, 0: none) of the latest tick before
    this in the contact's log, `absorbed` another contact whose facts came to this one. An erased contact gives nothing,
    nor does one that was merged into another.
    """
    profile, gave = state.profile, old.given
    was = None if gave is None or old.profile is None else old.profile.account
    account = None if profile is None or state.merged_into is not None else profile.account
    if account is None and was is None:
        return []
    gives = None if account is None else _given(state, gave, sections, now)
    state.given = gives
    stays = account == was and gives is not None and gave is not None and _same(gives, gave)
    both = absorbed is not None and _role(profile)[0]  # the account must know that two who decide are one person
    if stays and not both and (old.profile is profile or _role(old.profile) == _role(profile)):
        return []
    day = date.fromordinal(after) if after else None
    taken = None if gave is None or was is None else _contribution(gave, old.profile)
    told: list[MemberFact] = []
    if was is not None and taken is not None and was != account:
        told.append(
            MemberLeft(
                tenant=tenant,
                account=was,
                contact=contact,
                seq=state.seq,
                gave=taken,
                after=day,
                merged=state.merged_into is not None,
            ),
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
                absorbed=absorbed,
            )
        )
    return told


def _given(state: ContactState, gave: Given | None, sections: int, now: int) -> Given:
    """What the row gives at `now`: of each part the one it gave, unless what it is measured from has changed, or time
    may have changed it.
    """
    shown = _shown(state.published)
    if gave is None or gave.is_due(now):
        sections, until = MEASURED, None
        gave = _NOTHING if gave is None else gave
    elif sections & MEASURED or shown != gave.shown:
        until = gave.until_day
    else:
        return gave
    nps, csat, ces = gave.nps, gave.csat, gave.ces
    if sections & ANSWERS:
        nps, csat, ces = (_answered(state.answers, kinds) for kinds in (_NPS, SATISFACTION, _CES))
    tickets, responses, seconds, classes = gave.tickets, gave.responses, gave.response_seconds, gave.response_times
    if sections & _OF_TICKETS:
        since = now - WINDOW_MS
        own = own_tickets(state)
        listed = own.opened[bisect_left(own.opened, since) :]
        waits = [max(0, answered - opened) // 1000 for opened, answered in own.answered if opened >= since]
        tickets, responses, seconds = len(listed), len(waits), sum(waits)
        first = listed[0] if listed else None
        for bucket in state.buckets:
            if began(bucket) >= since:
                tickets += bucket.tickets
                responses += bucket.responses
                seconds += bucket.response_ms // 1000
                if bucket.tickets and (first is None or began(bucket) < first):
                    first = began(bucket)
        classes = bytes(sorted(map(response_class, waits)))
        until = _sooner(until, first)
    talks = gave.talks
    if sections & TALKS:
        times = kept_messages(state).conversations
        times = times[bisect_left(times, now - WINDOW_MS) :]
        talks = len(times)
        until = _sooner(until, times[0] if times else None)
    gives = Given(shown, nps, csat, ces, tickets, talks, responses, seconds, classes, until)
    return gave if gives == gave else gives


def _sooner(day: int | None, first: int | None) -> int | None:
    """The first day on which time changes something: that known, or the one on which `first` leaves the window."""
    leaves = None if first is None else (first + WINDOW_MS + 1) // DAY_MS
    return leaves if day is None or (leaves is not None and leaves < day) else day


def _answered(answers: list[Answer], kinds: frozenset[Kind]) -> int | None:
    answer = latest(answers, kinds)
    return None if answer is None else round(answer.share * WHOLE_SHARE)


def _shown(published: Published | None) -> int | None:
    """Score, band and confidence as one number."""
    if published is None:
        return None
    return (published.score * 4 + published.band) * 3 + CONFIDENCES.index(confidence(published.facts))


def _same(one: Given, other: Given) -> bool:
    """Whether two say the same: they may hold for different times."""
    if one.until_day != other.until_day:
        one = msgspec.structs.replace(one, until_day=other.until_day)
    return one == other


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
        load=given.tickets + given.talks,
        responses=given.responses,
        response_seconds=given.response_seconds,
        response_times=tuple(given.response_times),
        decision_maker=decision_maker,
        in_role_since=in_role_since,
    )
