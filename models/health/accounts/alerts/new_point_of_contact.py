"""`new_point_of_contact`: an account's decision maker has changed."""

from typing import Annotated

import msgspec

from models.health.accounts.alerts.rule import AccountRule
from models.health.accounts.alerts.standing import Standing
from models.health.accounts.sums import DECISION_MAKERS
from models.health.alerts.rule import CLEAR, HOLDS
from models.health.facts.messages import DAY_MS


class NewPointOfContact(AccountRule, frozen=True, kw_only=True):
    """Raised when a decision maker began or went, the first one ever excepted, if that is no more than `days` (30)
    ago. Each change is an episode of its own. Source: 001.
    """

    name = "new_point_of_contact"
    code = 4
    renews = True

    days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 30

    def stand(self, state: Standing, now: int) -> int:
        """By the latest change that has come to pass."""
        changed_at = state.roles.changed_at(now)
        return CLEAR if changed_at is None or changed_at < now - self.days * DAY_MS else HOLDS

    def since(self, state: Standing, now: int) -> int:
        """Since that change."""
        changed_at = state.roles.changed_at(now)
        return now if changed_at is None else changed_at

    def reasons(self, state: Standing, now: int) -> list[str]:
        """Whether there is one now."""
        if state.members.get(DECISION_MAKERS):
            return ["The decision maker has changed"]
        return ["The decision maker has gone, and there is no other one"]
