"""`account_health_recovered`: an account whose decline was told is at risk no more."""

from models.health.accounts.alerts.rule import AccountRule


class AccountHealthRecovered(AccountRule, frozen=True, kw_only=True):
    """Goes out when the episode of an `account_health_declined` ends, and carries its `episode_id`.

    It has no condition of its own: dwell and cooldown are those of the decline. Source: 002.
    """

    name = "account_health_recovered"
    code = 2
