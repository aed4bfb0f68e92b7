"""All components of accounts by name. A number, once given, stays: stored closes name components by it."""

from models.health.accounts.components.component import AccountComponent
from models.health.accounts.components.members import Members
from models.health.accounts.components.point_of_contact import PointOfContact
from models.health.accounts.components.reviews import AccountReviews
from models.health.accounts.components.seats import Seats
from models.health.accounts.components.support_load import AccountSupportLoad
from models.health.accounts.components.tenure import AccountTenure

_KINDS: tuple[type[AccountComponent], ...] = (
    Members,
    PointOfContact,
    Seats,
    AccountTenure,
    AccountSupportLoad,
    AccountReviews,
)

ACCOUNT_COMPONENTS: dict[str, type[AccountComponent]] = {kind.name: kind for kind in _KINDS}
ACCOUNT_NAMES: dict[int, str] = {kind.code: kind.name for kind in _KINDS}
ACCOUNT_GRADED: frozenset[int] = frozenset(kind.code for kind in _KINDS if kind.grades)
