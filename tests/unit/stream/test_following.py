from typing import Any

from schemas.catalogue import HEALTH_BAND_CHANGES, HEALTH_SCORES
from schemas.generate import FOLDER
from stream.following import Following

KEY = b"acme/c-1001"


class FakeMessage:
    """A consumed record."""

    def __init__(self, topic: str, value: bytes | None, key: bytes = KEY) -> None:
        self.topic, self.key, self.value = (lambda: topic), (lambda: key), (lambda: value)


def example(name: str) -> bytes:
    return sorted((FOLDER / "examples" / name / "accepted").glob("*.json"))[0].read_bytes()


def take(following: Following, topic: str, value: bytes | None, key: bytes = KEY) -> None:
    message: Any = FakeMessage(topic, value, key)
    following.take(message)


def test_the_newest_score_comes_last_and_replaces_the_one_before() -> None:
    following = Following(changes=5)
    for key in (b"a/1", b"a/2", b"a/1"):
        take(following, HEALTH_SCORES, example("score.updated"), key)
    assert list(following.latest) == [b"a/2", b"a/1"]


def test_an_erased_contact_is_not_shown_any_more() -> None:
    following = Following(changes=5)
    take(following, HEALTH_SCORES, example("score.updated"))
    take(following, HEALTH_SCORES, None)
    assert following.latest == {}


def test_only_so_many_band_changes_are_kept() -> None:
    following = Following(changes=2)
    for _ in range(3):
        take(following, HEALTH_BAND_CHANGES, example("band.changed"))
    assert len(following.changes) == 2
