"""What an account's row does when a signal comes, a day is closed or a model changes."""

from collections.abc import Sequence
from datetime import date

import msgspec

from models.health.accounts import sums
from models.health.accounts.alerts.standing import Standing
from models.health.accounts.alerts.watch import account_alerts_due_at, watch_account
from models.health.accounts.assess import assess_account
from models.health.accounts.assessment import AccountAssessment
from models.health.accounts.ledger import Ledger
from models.health.accounts.model import AccountModel
from models.health.accounts.own import OWN_FACTS, Own, OwnFact, told
from models.health.accounts.portfolios_of import moves
from models.health.accounts.records import account_score, fingerprint
from models.health.accounts.roles import Roles, changed_roles
from models.health.accounts.state import AccountState, Moved, Shared, Then
from models.health.alerts.rule import Circumstances
from models.health.bands import AT_RISK
from models.health.causes import CLOCK_CAUSE, MODEL_CHANGE, OVERRIDE_CAUSE, RECOMPUTE
from models.health.closes import add_close, pack_close
from models.health.facts.messages import DAY_MS
from schemas.base import Mode, to_milliseconds
from schemas.control import OverrideCleared, OverrideSet
from schemas.scores import AccountScoreUpdated, AlertRaised, Cause
from schemas.signals import AccountContribution, AccountSignal, MemberContribution, MemberLeft, PortfolioSignal

_OVERRIDES = (OverrideSet, OverrideCleared)
_OF_MEMBERS = (MemberContribution, MemberLeft)


class AccountReaction(msgspec.Struct, gc=False):
    """What comes of a signal. `changed`: the row must be written. `tombstone`: there is no such account any more."""

    score: AccountScoreUpdated | None = None
    portfolios: Sequence[PortfolioSignal] = ()
    tombstone: bool = False
    changed: bool = False
    alerts: Sequence[AlertRaised] = ()


def react_account(
    state: AccountState | None,
    tenant: str,
    account: str,
    signal: AccountSignal,
    now: int,
    model: AccountModel,
    open_days: Sequence[int],
) -> tuple[AccountState, AccountReaction]:
    """Fold a signal about one account into its row (changed in place; a new one for None).

    `open_days` are the days (ordinals) whose tick has come and whose close has not: they are closed with what the
    account told of itself until now.
    """
    if state is None:
        state = AccountState()
    fact = signal.fact
    state.now = now
    if isinstance(fact, _OF_MEMBERS):
        _member(state, fact, signal.at)
        cause = Cause(type=str(fact.__struct_config__.tag))
    else:
        assert isinstance(fact, OWN_FACTS)
        _own(state, fact, open_days)
        cause = OVERRIDE_CAUSE if isinstance(fact, _OVERRIDES) else _cause(fact)
    reaction = AccountReaction(changed=True)
    late = signal.late or now - _occurred(signal) > DAY_MS
    how = Circumstances(now, signal.mode == "import" and not signal.alerts, late)
    _publish(reaction, state, tenant, account, model, how, cause, signal.mode, remodelled=signal.remodelled)
    state.due_at = next_due(state, model)
    return state, reaction


def close_account(
    state: AccountState,
    tenant: str,
    account: str,
    day: int,
    now: int,
    then: AccountModel,
    model: AccountModel,
    mode: Mode,
) -> AccountReaction:
    """The close of a day (a proleptic ordinal), whose tick was at `now`: all that belongs to it has come.

    `then` is the model that was in force at the tick, `model` the one in force now. A row that nothing changes is left
    as it is, so that it need not be written.
    """
    reaction = AccountReaction()
    own = state.own_at(day)
    reaction.changed = state.ledger.close(day)
    if state.earlier and state.earlier[0].day <= day:
        state.earlier = [then for then in state.earlier if then.day > day]
        reaction.changed = True
    current = assess_account(state, state.ledger.closed, own, then, now)
    if current is not None:
        packed = pack_close(now, current.score, current.band, current.components, current.weight)
        reaction.changed |= add_close(state.closes, packed, now)
    shared = _shared(own, current) if _is_known(state.ledger.closed, own) else None
    closing = moves(tenant, account, state.seq, state.closed, shared, date.fromordinal(day))
    if shared != state.closed:
        state.closed, reaction.changed = shared, True
    later = max(now, state.now)
    how = Circumstances(later, mode == "import", daily=True)
    _publish(reaction, state, tenant, account, model, how, RECOMPUTE, mode)
    reaction.portfolios = [*_entries(closing, now, mode), *reaction.portfolios]
    if reaction.changed:
        state.now = later
        state.due_at = next_due(state, model)
    return reaction


def remodel_account(
    state: AccountState, tenant: str, account: str, now: int, model: AccountModel, mode: Mode
) -> AccountReaction:
    """Another model came into force."""
    reaction = AccountReaction()
    now, due_at = max(now, state.now), state.due_at
    how = Circumstances(now, mode == "import")
    _publish(reaction, state, tenant, account, model, how, MODEL_CHANGE, mode, remodelled=True)
    if reaction.changed:
        state.now = now
    if reaction.changed or due_at is not None:
        state.due_at = next_due(state, model)
        reaction.changed |= state.due_at != due_at
    return reaction


def due_account(state: AccountState, tenant: str, account: str, model: AccountModel, mode: Mode) -> AccountReaction:
    """What falls due at `state.due_at`: an override ends, a dwell or a cooldown is over."""
    now = state.due_at
    assert now is not None
    reaction = AccountReaction(changed=True)
    override = state.own.override
    cause = OVERRIDE_CAUSE if override is not None and override.expires_at == now else CLOCK_CAUSE
    _publish(reaction, state, tenant, account, model, Circumstances(now, mode == "import"), cause, mode)
    state.now = now
    state.due_at = next_due(state, model)
    return reaction


def next_due(state: AccountState, model: AccountModel) -> int | None:
    """When something ends by time alone that does not wait for the daily close: an override in force, the dwell or the
    cooldown of an alert.
    """
    override = state.own.override
    ends = override.expires_at if override is not None and override.in_force(state.now) else None
    due_at = account_alerts_due_at(state.alerts, model.alerts) if state.alerts else None
    return min((time for time in (ends, due_at) if time is not None), default=None)


def forget_members(
    state: AccountState, tenant: str, account: str, now: int, model: AccountModel, mode: Mode
) -> AccountReaction:
    """What contacts gave counts no more: all of them are about to say it anew. No alert begins or ends by it."""
    state.ledger, state.roles, state.moved = Ledger(), Roles(), None
    reaction = AccountReaction(changed=True)
    state.now = max(now, state.now)
    _publish_score(reaction, state, tenant, account, state.now, model, RECOMPUTE, mode)
    return reaction


def _occurred(signal: AccountSignal) -> int:
    """When what a signal says happened: a contact's word is as old as its entry, which says if its fact was late."""
    fact = signal.fact
    return to_milliseconds(fact.occurred_at) if isinstance(fact, OWN_FACTS) else signal.at


def _member(state: AccountState, fact: MemberContribution | MemberLeft, at: int) -> None:
    gave, gives = fact.gave, None if isinstance(fact, MemberLeft) else fact.gives
    after = 0 if fact.after is None else fact.after.toordinal()
    state.ledger.add(after, sums.counts_of_member(gave), sums.counts_of_member(gives))
    state.roles = changed_roles(state.roles, fact, at)
    if (None if gave is None else gave.score) != (None if gives is None else gives.score):
        moved = Moved(at, fact.contact)
        state.moved = moved if state.moved is None else max(moved, state.moved)


def _own(state: AccountState, fact: OwnFact, open_days: Sequence[int]) -> None:
    own = told(state.own, fact)
    if own == state.own:
        return
    if open_days and (not state.earlier or state.earlier[-1].day < open_days[-1]):
        state.earlier.append(Then(open_days[-1], state.own))
    state.own = own


def _is_known(members: sums.Sums, own: Own) -> bool:
    return bool(members.get(sums.MEMBERS) or own.profile or own.reviews or own.override)


def _shared(own: Own, current: AccountAssessment | None) -> Shared:
    profile = own.profile
    score, band = (None, None) if current is None else (current.score, current.band)
    if profile is None:
        return Shared(score, band)
    return Shared(score, band, profile.csm, profile.team, profile.division)


def _publish(
    reaction: AccountReaction,
    state: AccountState,
    tenant: str,
    account: str,
    model: AccountModel,
    how: Circumstances,
    cause: Cause,
    mode: Mode,
    *,
    remodelled: bool = False,
) -> None:
    """Let a record go out if it says anything else than the last one, and the alerts that there are."""
    previous = state.score
    standing = _publish_score(reaction, state, tenant, account, how.now, model, cause, mode)
    if standing is None and not state.alerts:
        return
    score = None if standing is None else standing.current.score
    told, moved = watch_account(
        state, tenant, account, standing, model.alerts, how, cause, mode,
        None if previous == score else previous, remodelled=remodelled,
    )  # fmt: skip
    reaction.alerts = told
    reaction.changed |= moved


def _publish_score(
    reaction: AccountReaction,
    state: AccountState,
    tenant: str,
    account: str,
    now: int,
    model: AccountModel,
    cause: Cause,
    mode: Mode,
) -> Standing | None:
    """Let a record go out if it says anything else than the last one. Returns how the account stands, with a score."""
    members = state.ledger.current()
    if not _is_known(members, state.own):
        if state.given is not None:
            reaction.portfolios = _entries(moves(tenant, account, state.seq, state.given, None), now, mode)
            state.given, state.score, state.fingerprint, state.at_risk_since = None, None, b"", None
            reaction.tombstone = reaction.changed = True
        return None
    current = assess_account(state, members, state.own, model, now)
    record = account_score(tenant, account, state, members, model, current, now, cause, mode)
    mark = fingerprint(record)
    if mark != state.fingerprint:
        shared = _shared(state.own, current)
        state.seq, state.fingerprint, state.score = record.seq, mark, record.score
        reaction.score, reaction.changed = record, True
        reaction.portfolios = _entries(moves(tenant, account, state.seq, state.given, shared), now, mode)
        state.given = shared
        at_risk = shared.band == AT_RISK
        state.at_risk_since = (state.at_risk_since or now) if at_risk else None
    return None if current is None else Standing(current, members, state.own, state.roles, model.bands.healthy)


def _entries(facts: list[AccountContribution], now: int, mode: Mode) -> list[PortfolioSignal]:
    return [PortfolioSignal(at=now, mode=mode, fact=fact) for fact in facts]


def _cause(fact: OwnFact) -> Cause:
    return Cause(type=str(fact.__struct_config__.tag), id=fact.event_id)
