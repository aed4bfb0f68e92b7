"""When the contact was active, and who wrote last.

Activity is the contact's own doing: messages, answers, reviews, tickets opened or reopened. Never an agent, a bot, a
profile change or an order.
"""

import msgspec

from models.health.facts.sections import ACTIVITY, HISTORY, NOTHING


class Activity(msgspec.Struct, array_like=True, gc=False):
    """Times in UTC milliseconds.

    The latest replies that came without a message (`ticket.replied`) say, with the messages that a row keeps, who wrote
    last and so whether the customer has stopped listening.
    """

    first_at: int | None = None
    last_at: int | None = None
    customer_replied_at: int | None = None
    agent_replied_at: int | None = None


def note_activity(activity: Activity, at: int) -> int:
    """The contact did something at `at`. Returns the sections that changed."""
    changed = NOTHING
    if activity.last_at is None or at > activity.last_at:
        activity.last_at = at
        changed = ACTIVITY
    if activity.first_at is None or at < activity.first_at:
        activity.first_at = at
        changed |= HISTORY
    return changed


def note_customer_reply(activity: Activity, at: int) -> int:
    """The customer replied on a ticket, which is activity."""
    changed = note_activity(activity, at)
    if activity.customer_replied_at is None or at > activity.customer_replied_at:
        activity.customer_replied_at = at
        changed |= HISTORY
    return changed


def note_agent_reply(activity: Activity, at: int) -> int:
    """An agent replied on a ticket, which is not the contact's activity."""
    if activity.agent_replied_at is None or at > activity.agent_replied_at:
        activity.agent_replied_at = at
        return HISTORY
    return NOTHING
