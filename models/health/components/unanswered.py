"""`unanswered`: whether the contact has stopped listening."""

from models.health.components.factor import Factor
from models.health.components.kept_messages import kept_messages
from models.health.components.own_tickets import own_tickets
from models.health.facts.messages import DAY_MS
from models.health.facts.sections import ACTIVITY, CLOCK, HISTORY, MESSAGES, TICKET_TIMES, TICKETS
from models.health.state import ContactState, Measured


class Unanswered(Factor, frozen=True, kw_only=True):
    """Measure: whole days since an agent's last message that the customer has not answered; 0 when it has, or when all
    of its tickets are solved or closed: then nobody waits for an answer.

    By default three days are good and two weeks are poor. No value before an agent has written. Source: 003.
    """

    name = "unanswered"
    code = 17
    reads = MESSAGES | TICKETS | TICKET_TIMES | ACTIVITY | HISTORY | CLOCK
    decays = True

    good: float = 3
    poor: float = 14

    def measure(self, state: ContactState, now: int) -> Measured | None:
        """The days; dated by the agent's message."""
        agent = _agent_wrote(state)
        if agent is None:
            return None
        return self.rated(max(0, now - agent) // DAY_MS if _waits(state, agent) else 0, 1, agent)

    def next_change(self, state: ContactState, now: int) -> int | None:
        """The next whole day that makes a difference."""
        agent = _agent_wrote(state)
        return self.next_step(agent, DAY_MS, now) if agent is not None and _waits(state, agent) else None


def _agent_wrote(state: ContactState) -> int | None:
    written, replied = kept_messages(state).written[0], state.activity.agent_replied_at
    if written is None:
        return replied
    return written if replied is None else max(written, replied)


def _waits(state: ContactState, agent: int) -> bool:
    """Whether an agent's message of that time waits for an answer."""
    replied, written = state.activity.customer_replied_at, kept_messages(state).written[1]
    if (replied is not None and replied >= agent) or (written is not None and written >= agent):
        return False
    return not own_tickets(state).are_settled
