"""The record that goes out of an account's row."""

from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from models.health.accounts import sums
from models.health.accounts.assessment import AccountAssessment
from models.health.accounts.components.registry import ACCOUNT_GRADED, ACCOUNT_NAMES
from models.health.accounts.model import AccountModel
from models.health.accounts.own import AccountProfile
from models.health.accounts.state import AccountState
from models.health.accounts.sums import Sums
from models.health.assess import points, trend
from models.health.bands import BANDS, TRENDS
from models.health.closes import unpack_close
from models.health.components.factor import grade
from models.health.records import override_in_force
from schemas.base import Mode, from_milliseconds
from schemas.event_ids import event_id
from schemas.scores import AccountScoreUpdated, Cause, ComponentScore, DayScore

_encode = msgspec.json.Encoder(order="deterministic").encode
_NO_PROFILE = AccountProfile(0, "")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_CAUSE = Cause(type="none")


def account_score(
    tenant: str,
    account: str,
    state: AccountState,
    members: Sums,
    model: AccountModel,
    current: AccountAssessment | None,
    now: int,
    cause: Cause,
    mode: Mode,
) -> AccountScoreUpdated:
    """The record with the next number of an account. `state.score` is what the one before said."""
    profile = state.own.profile if state.own.profile is not None else _NO_PROFILE
    scored = sums.scored(members)
    bands = sums.bands(members)
    seq = state.seq + 1
    return AccountScoreUpdated(
        event_id=event_id(tenant, account, "account-score", seq),
        seq=seq,
        tenant=tenant,
        at=from_milliseconds(now),
        mode=mode,
        account=account,
        cause=cause,
        members=members.get(sums.MEMBERS, 0),
        scored=scored,
        score=None if current is None else current.score,
        score_raw=None if current is None else current.score_raw,
        band=None if current is None else BANDS[current.band],
        computed_band=None if current is None else BANDS[current.computed_band],
        trend=TRENDS[0 if current is None else trend(state.closes, current.score, now)],
        coverage=None if current is None else current.weight / sum(one.weight for one in model.components),
        components={} if current is None else _components(current),
        model=model.version,
        previous_score=state.score,
        mean=sums.mean(members),
        minimum=sums.minimum(members),
        bands=bands,
        shares={band: count / scored for band, count in bands.items()} if scored else {},
        moved_by=None if state.moved is None else state.moved.contact,
        nps=sums.nps(members),
        nps_answers=members.get(sums.NPS_ANSWERS, 0),
        csat=sums.mean_share(members, sums.CSAT_ANSWERS, sums.CSAT_SUM),
        csat_answers=members.get(sums.CSAT_ANSWERS, 0),
        ces=sums.mean_share(members, sums.CES_ANSWERS, sums.CES_SUM),
        ces_answers=members.get(sums.CES_ANSWERS, 0),
        responses=members.get(sums.RESPONSES, 0),
        response_mean_seconds=sums.mean_response(members),
        response_median_seconds=sums.median_response(members),
        seats=profile.seats,
        orders=profile.orders,
        renewal_at=None if profile.renewal_at is None else from_milliseconds(profile.renewal_at),
        csm=profile.csm,
        team=profile.team,
        division=profile.division,
        closes=tuple(_day(close) for close in state.closes),
        override=override_in_force(state.own.override, now),
    )


def fingerprint(record: AccountScoreUpdated) -> bytes:
    """Stands for what a record says, but for its number, its time, its cause and the score before."""
    said = msgspec.structs.replace(
        record, event_id="-", seq=0, at=_EPOCH, mode="live", cause=_NO_CAUSE, previous_score=None
    )
    return blake2b(_encode(said), digest_size=8).digest()


def _components(current: AccountAssessment) -> dict[str, ComponentScore]:
    return {
        ACCOUNT_NAMES[one.code]: ComponentScore(
            value=one.value,
            weight=one.weight / current.weight,
            points=points(one, current.weight),
            observations=one.observations,
            last_at=from_milliseconds(one.last_at) if one.last_at else None,
            grade=grade(one.value) if one.code in ACCOUNT_GRADED else None,
        )
        for one in current.components
        if one is not None
    }


def _day(packed: bytes) -> DayScore:
    close = unpack_close(packed)
    return DayScore(day=from_milliseconds(close.at).date(), score=close.score)
