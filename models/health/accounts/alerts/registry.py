"""All kinds of account alerts by name. A number, once given, stays: stored rows name kinds by it."""

from models.health.accounts.alerts.account_health_declined import AccountHealthDeclined
from models.health.accounts.alerts.account_health_recovered import AccountHealthRecovered
from models.health.accounts.alerts.expansion_opportunity import ExpansionOpportunity
from models.health.accounts.alerts.new_point_of_contact import NewPointOfContact
from models.health.accounts.alerts.rule import AccountRule
from models.health.accounts.alerts.seats_decreased import SeatsDecreased

__all__ = ["ACCOUNT_ALERTS", "AccountRule"]

_KINDS: tuple[type[AccountRule], ...] = (
    AccountHealthDeclined,
    AccountHealthRecovered,
    ExpansionOpportunity,
    NewPointOfContact,
    SeatsDecreased,
)

ACCOUNT_ALERTS: dict[str, type[AccountRule]] = {kind.name: kind for kind in _KINDS}
