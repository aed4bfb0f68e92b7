"""Which portfolios an account is in, and what it tells them when it moves."""

from datetime import date

from models.health.accounts.state import Shared
from models.health.bands import BANDS
from schemas.keys import account_key, murmur2
from schemas.signals import AccountContribution, AccountShare

ORGANISATION_PARTS = 16
"""An organisation has too many accounts for one row that all of them write to."""


def portfolios_of(tenant: str, account: str, shared: Shared | None) -> list[str]:
    """`kind/id` of each: its customer success manager, team, division, and its part of the organisation."""
    if shared is None:
        return []
    units = (("csm", shared.csm), ("team", shared.team), ("division", shared.division))
    part = (murmur2(account_key(tenant, account)) & 0x7FFFFFFF) % ORGANISATION_PARTS
    return [f"{kind}/{name}" for kind, name in units if name is not None] + [f"organisation/{part}"]


def moves(
    tenant: str, account: str, seq: int, old: Shared | None, new: Shared | None, closes: date | None = None
) -> list[AccountContribution]:
    """What portfolios are told where an account gives `new` in place of `old`."""
    if old == new:
        return []
    was, now = portfolios_of(tenant, account, old), portfolios_of(tenant, account, new)
    gave, gives = _share(old), _share(new)
    told = []
    for portfolio in dict.fromkeys([*was, *now]):
        before, after = gave if portfolio in was else None, gives if portfolio in now else None
        if before != after:
            told.append(
                AccountContribution(
                    tenant=tenant,
                    portfolio=portfolio,
                    account=account,
                    seq=seq,
                    gives=after,
                    gave=before,
                    closes=closes,
                )
            )
    return told


def _share(shared: Shared | None) -> AccountShare | None:
    if shared is None:
        return None
    return AccountShare(score=shared.score, band=None if shared.band is None else BANDS[shared.band])
