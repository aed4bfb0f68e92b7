"""What a rule of account alerts has beside that of a contact's."""

from typing import ClassVar

from models.health.alerts.rule import AlertRule


class AccountRule(AlertRule, frozen=True, kw_only=True):
    """`stand`, `since` and `reasons` are given a `Standing`. `renews`: what happens anew while the condition holds, at
    a later `since`, is an episode of its own.
    """

    renews: ClassVar[bool] = False
