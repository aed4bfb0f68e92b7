"""What left the lists, by day and in total: a contact with more tickets or answers than a row lists is still counted.

A row has buckets only for what was evicted, so most rows have none.
"""

import msgspec

from models.health.facts.answers import SATISFACTION, Answer
from models.health.facts.messages import DAY_MS
from models.health.facts.tickets import NEVER, Ticket

KEPT_DAYS = 90


class Bucket(msgspec.Struct, array_like=True, gc=False):
    """Sums over the tickets opened and the satisfaction answers given on one UTC day (days since 1970-01-01)."""

    day: int
    tickets: int = 0
    severities: int = 0
    severity_sum: int = 0
    replies: int = 0
    responses: int = 0
    response_ms: int = 0
    solved: int = 0
    solve_ms: int = 0
    answers: int = 0
    answer_shares: float = 0.0


class Totals(msgspec.Struct, array_like=True, gc=False):
    """Counts over the contact's life of what left the lists. `open_beyond`: open tickets beyond those listed.

    `tickets_until`: when a ticket that left the list was last heard of (the latest one, UTC milliseconds). An older
    fact about a ticket that is not listed is most likely about one that left, and must not bring it back.
    """

    tickets: int = 0
    solved: int = 0
    answers: int = 0
    open_beyond: int = 0
    tickets_until: int = NEVER


def count_ticket(buckets: list[Bucket], totals: Totals, ticket: Ticket, now: int) -> None:
    """Count a ticket that left the list."""
    if not ticket.is_here:
        return
    totals.tickets += 1
    totals.solved += ticket.solved_at != NEVER
    totals.open_beyond += ticket.is_open
    bucket = _bucket(buckets, ticket.opened_at // DAY_MS, now)
    if bucket is None:
        return
    bucket.tickets += 1
    bucket.replies += ticket.replies
    if ticket.severity_level is not None:
        bucket.severities += 1
        bucket.severity_sum += ticket.severity_level
    if ticket.responded_at != NEVER:
        bucket.responses += 1
        bucket.response_ms += max(0, ticket.responded_at - ticket.opened_at)
    if ticket.solved_at != NEVER:
        bucket.solved += 1
        bucket.solve_ms += max(0, ticket.solved_at - ticket.opened_at)


def count_answer(buckets: list[Bucket], totals: Totals, answer: Answer, now: int) -> None:
    """Count an answer that left the list."""
    totals.answers += 1
    bucket = _bucket(buckets, answer.at // DAY_MS, now)
    if bucket is not None and answer.kind in SATISFACTION:
        bucket.answers += 1
        bucket.answer_shares += answer.share


def _bucket(buckets: list[Bucket], day: int, now: int) -> Bucket | None:
    """The bucket of a day, or None if that day is too long ago. Buckets that have become too old are dropped."""
    oldest = now // DAY_MS - KEPT_DAYS
    buckets[:] = [bucket for bucket in buckets if bucket.day >= oldest]
    if day < oldest:
        return None
    for bucket in buckets:
        if bucket.day == day:
            return bucket
    new = Bucket(day)
    buckets.append(new)
    buckets.sort(key=lambda bucket: bucket.day)
    return new
