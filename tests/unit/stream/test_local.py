from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from models.health.reaction import Reaction
from models.sentiment.vader import VaderClassifier
from schemas.base import to_milliseconds
from stream.history import entries
from stream.imports import with_ticks
from stream.local import LocalFold
from stream.simulate import simulate

START = datetime(2026, 1, 5, tzinfo=UTC)
END = START + timedelta(days=400)


class Sleepless(LocalFold):
    """Looks at every row at every tick."""

    def _rests(self, key: bytes, at: int) -> bool:
        return False


def folded(local: LocalFold) -> Iterator[tuple[bytes, Reaction]]:
    events = simulate(seed=5, contacts=40, start=START, days=60)
    for at, entry in entries(with_ticks(events, until=END), VaderClassifier()):
        yield from local.log(entry, at)


def test_rows_at_rest_are_left_alone_and_the_outcome_is_the_same() -> None:
    resting, sleepless = LocalFold(), Sleepless()
    assert list(folded(resting)) == list(folded(sleepless))
    assert resting.rows == sleepless.rows
    assert len(resting._awake) < len(resting.rows)


def test_the_score_at_a_moment_is_what_a_recompute_then_would_publish() -> None:
    local = LocalFold()
    last = {key: reaction.score for key, reaction in folded(local) if reaction.score is not None}
    now = {f"{score.tenant}/{score.contact}".encode(): score for score in local.scores(to_milliseconds(END))}
    assert now.keys() <= last.keys()
    assert {key: score.score_raw for key, score in now.items()} == {key: last[key].score_raw for key in now}
