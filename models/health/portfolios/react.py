"""What a portfolio's row does when an account gives another score, and when a day is closed."""

from bisect import bisect_right
from datetime import date
from hashlib import blake2b

import msgspec

from models.health.accounts import sums
from models.health.accounts.ledger import Ledger
from models.health.assess import TREND_MS, TREND_POINTS
from models.health.bands import BANDS, DECLINING, IMPROVING, INSUFFICIENT_HISTORY, STABLE, TRENDS, BandEdges, rounded
from models.health.facts.messages import DAY_MS
from models.health.portfolios.state import KEPT_CLOSES, PortfolioClose, PortfolioState
from schemas.base import Mode, from_milliseconds
from schemas.event_ids import event_id
from schemas.scores import PortfolioDay, PortfolioScoreUpdated
from schemas.signals import AccountContribution

_EDGES = BandEdges()
_EPOCH = date(1970, 1, 1).toordinal()


class PortfolioReaction(msgspec.Struct, gc=False):
    """What comes of a signal. `changed`: the row must be written. `tombstone`: no account is in it any more."""

    score: PortfolioScoreUpdated | None = None
    tombstone: bool = False
    changed: bool = False


def react_portfolio(
    state: PortfolioState | None, tenant: str, portfolio: str, fact: AccountContribution, now: int, mode: Mode
) -> tuple[PortfolioState, PortfolioReaction]:
    """Fold what an account gives into a portfolio's row (changed in place; a new one for None)."""
    if state is None:
        state = PortfolioState()
    state.now = now
    gave, gives = sums.counts_of_account(fact.gave), sums.counts_of_account(fact.gives)
    reaction = PortfolioReaction(changed=True)
    if fact.closes is not None:
        # The close of a day contains what came after the tick of the day before it.
        state.ledger.add(fact.closes.toordinal() - 1, gave, gives)
        return state, reaction
    sums.change(state.present, gave, -1)
    sums.change(state.present, gives, 1)
    _publish(reaction, state, tenant, portfolio, now, mode)
    return state, reaction


def close_portfolio(
    state: PortfolioState, tenant: str, portfolio: str, day: int, now: int, mode: Mode
) -> PortfolioReaction:
    """The close of a day (a proleptic ordinal). A row that nothing changes is left as it is."""
    reaction = PortfolioReaction(changed=state.ledger.close(day))
    closed = state.ledger.closed
    new = PortfolioClose(day, closed.get(sums.MEMBERS, 0), sums.scored(closed), sums.total(closed))
    last = state.closes[-1] if state.closes else PortfolioClose(0, 0, 0, 0)
    if (new.accounts, new.scored, new.total) != (last.accounts, last.scored, last.total):
        state.closes = [*state.closes, new]
        kept = bisect_right(state.closes, day - KEPT_CLOSES + 1, key=lambda close: close.day) - 1
        del state.closes[: max(0, kept)]
        reaction.changed = True
    later = max(now, state.now)
    _publish(reaction, state, tenant, portfolio, later, mode)
    if reaction.changed:
        state.now = later
    return reaction


def forget_accounts(state: PortfolioState, tenant: str, portfolio: str, now: int, mode: Mode) -> PortfolioReaction:
    """What accounts gave counts no more: all of them are about to say it anew."""
    state.present, state.ledger = {}, Ledger()
    reaction = PortfolioReaction(changed=True)
    _publish(reaction, state, tenant, portfolio, now, mode)
    return reaction


def _publish(
    reaction: PortfolioReaction, state: PortfolioState, tenant: str, portfolio: str, now: int, mode: Mode
) -> None:
    """Let a record go out if it says anything else than the last one."""
    if not state.present.get(sums.MEMBERS):
        if state.fingerprint:
            state.fingerprint, reaction.tombstone, reaction.changed = b"", True, True
        return
    scored, total = sums.scored(state.present), sums.total(state.present)
    raw = round(total / scored, 10) if scored else None
    score = None if raw is None else rounded(raw)
    record = PortfolioScoreUpdated(
        event_id="",
        seq=0,
        tenant=tenant,
        at=from_milliseconds(0),
        portfolio=portfolio,
        accounts=state.present[sums.MEMBERS],
        scored=scored,
        total=total,
        score=score,
        score_raw=raw,
        band=None if score is None else BANDS[_EDGES.band(score)],
        trend=TRENDS[_trend(state, raw, now)],
        bands=sums.bands(state.present),
        closes=tuple(
            PortfolioDay(
                day=date.fromordinal(close.day), accounts=close.accounts, scored=close.scored, total=close.total
            )
            for close in state.closes
        ),
    )
    mark = blake2b(msgspec.json.encode(record), digest_size=8).digest()
    if mark == state.fingerprint:
        return
    state.seq, state.fingerprint = state.seq + 1, mark
    reaction.score = msgspec.structs.replace(
        record,
        event_id=event_id(tenant, portfolio, "portfolio-score", state.seq),
        seq=state.seq,
        at=from_milliseconds(now),
        mode=mode,
    )
    reaction.changed = True


def _trend(state: PortfolioState, raw: float | None, now: int) -> int:
    """The mean against the close of seven days ago."""
    day = (now - TREND_MS) // DAY_MS + _EPOCH
    place = bisect_right(state.closes, day, key=lambda close: close.day) - 1
    if raw is None or place < 0 or not state.closes[place].scored:
        return INSUFFICIENT_HISTORY
    before = state.closes[place]
    change = raw - before.total / before.scored
    if change >= TREND_POINTS:
        return IMPROVING
    return DECLINING if change <= -TREND_POINTS else STABLE
