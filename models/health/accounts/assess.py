"""From an account's facts to its score: 100 times the weighted mean of the components that have data."""

from models.health.accounts.assessment import AccountAssessment
from models.health.accounts.components.component import Facts
from models.health.accounts.model import AccountModel
from models.health.accounts.own import Own
from models.health.accounts.state import AccountState
from models.health.accounts.sums import Sums
from models.health.assess import weigh
from models.health.bands import BANDS, rounded
from models.health.state import Components


def assess_account(
    state: AccountState, members: Sums, own: Own, model: AccountModel, now: int
) -> AccountAssessment | None:
    """The score of an account at `now` with these members and its own facts; None if no component has data."""
    moved_at = 0 if state.moved is None else state.moved.at
    facts = Facts(members, own, state.roles, moved_at)
    components: Components = [component.measure(facts, now) for component in model.components]
    weight, score_raw = weigh(components)
    if weight == 0:
        return None
    score = rounded(score_raw)
    computed = model.bands.band(score)
    override = None if own.override is None else own.override.band_at(now)
    band = computed if override is None else BANDS.index(override)
    return AccountAssessment(now, components, weight, score_raw, score, band, computed)
