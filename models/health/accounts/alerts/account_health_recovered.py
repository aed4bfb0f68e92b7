"""`account_health_recovered`: an account whose decline was told is at risk no more."""

from models.health.accounts.alerts.rule import AccountRule
from models.health.alerts.rule import OF_CONDITIONS


class AccountHealthRecovered(AccountRule, frozen=True, kw_only=True):
    """Goes out when the episode of an `account_health_declined` ends, and carries its `episode_id`.

    It has no condition of its own: dwell, cooldown and `on_model_change` are those of the decline. Source: 002.
    """

    name = "account_health_recovered"
    code = 2
    idle = OF_CONDITIONS
