from datetime import UTC, date, datetime, time

import pytest

from stream.clock import latest_due


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 3, 2, 4, 0, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 3, 2, 3, 59, 59, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 2, 23, 59, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), date(2025, 12, 31)),
    ],
)
def test_the_latest_due_recompute_is_at_or_before_now(now: datetime, day: date) -> None:
    due_day, due = latest_due(now, time(4, 0))
    assert due_day == day
    assert due == datetime.combine(day, time(4, 0), UTC)
    assert due <= now
