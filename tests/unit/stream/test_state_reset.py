"""`heartline state reset` deletes the table of one worker and nothing beside it."""

import os
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from confluent_kafka.admin import NewTopic
from typer.testing import CliRunner

from stream import topics
from stream.commands import state
from stream.commands.app import app
from stream.commands.asking import DECLINED
from stream.dataplane import exclusive
from stream.errors import DataDirectoryInUse, TopicMissing
from tests.unit.stream.test_operations import HANDBOOK


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Data directories as the README names them, and what is none of ours."""
    data = tmp_path / "data"
    for name in ("scoring-0/contacts/0", "scoring-0/my-notes", "accounts-0/accounts/0", "my-photos", "contacts-of-old"):
        (data / name).mkdir(parents=True)
        (data / name / "file").touch()
    return data


def files(folder: Path) -> set[str]:
    """What is there, but for locks."""
    return {
        str((Path(at) / name).relative_to(folder)) for at, _, names in os.walk(folder) for name in names
    } - {"scoring-0/lock", "accounts-0/lock"}  # fmt: skip


def reset(data: Path, *arguments: str, answer: str | None = None) -> Result:
    """What the command did."""
    env = {"HEARTLINE_DATA_DIRECTORY": str(data)}
    return CliRunner().invoke(app, ["state", "reset", *arguments], env=env, input=answer)


def test_a_workers_table_is_deleted_and_nothing_beside_it(data: Path) -> None:
    before = files(data)
    done = reset(data / "scoring-0", "--yes")
    assert done.exit_code == 0
    assert f"{data / 'scoring-0' / 'contacts'} is deleted" in done.output
    assert before - files(data) == {"scoring-0/contacts/0/file"}


def test_a_table_of_another_stage_is_deleted_if_it_is_named(data: Path) -> None:
    before = files(data)
    assert "with --stage accounts the table" in reset(data / "accounts-0", "--yes").output
    assert files(data) == before
    assert reset(data / "accounts-0", "--yes", "--stage", "accounts").exit_code == 0
    assert before - files(data) == {"accounts-0/accounts/0/file"}


def test_a_folder_of_data_directories_is_none(data: Path) -> None:
    before = files(data)
    done = reset(data, "--yes")
    assert f"nothing to delete, there is no {data / 'contacts'}" in done.output
    assert "HEARTLINE_DATA_DIRECTORY" in done.output
    assert files(data) == before, "not even a lock is made"


@pytest.mark.parametrize("answer", ["n\n", "\n", ""], ids=["no", "nothing", "nobody"])
def test_without_a_yes_nothing_is_done_and_the_exit_code_says_so(data: Path, answer: str) -> None:
    before = files(data)
    done = reset(data / "scoring-0", answer=answer)
    assert done.exit_code == DECLINED
    assert "nothing was done" in done.output
    assert f"\n| {DECLINED} |" in HANDBOOK
    assert files(data) == before


def test_a_yes_is_one(data: Path) -> None:
    assert reset(data / "scoring-0", answer="y\n").exit_code == 0
    assert not (data / "scoring-0" / "contacts").exists()


def test_the_table_of_a_worker_that_runs_is_kept(data: Path) -> None:
    before = files(data)
    with exclusive(data / "scoring-0"):
        assert isinstance(reset(data / "scoring-0", "--yes").exception, DataDirectoryInUse)
    assert files(data) == before


CHANGELOG = "heartline-portfolios-portfolios-changelog"


class Brokers:
    """Topics as they are, with their partitions and copies, and what becomes of them."""

    def __init__(self, there: dict[str, tuple[int, int]]) -> None:
        self.there, self.deleted, self.made = there, set[str](), dict[str, NewTopic]()

    def list_topics(self, **_timeout: float) -> Any:
        return SimpleNamespace(
            topics={
                name: SimpleNamespace(
                    partitions={n: SimpleNamespace(replicas=range(copies)) for n in range(partitions)}
                )
                for name, (partitions, copies) in self.there.items()
            }
        )

    def delete_consumer_groups(self, groups: list[str]) -> "dict[str, Future[None]]":
        return _done(groups)

    def delete_topics(self, names: list[str], **_timeout: float) -> "dict[str, Future[None]]":
        self.deleted |= self.there.keys() & names
        self.there = {name: at for name, at in self.there.items() if name not in names}
        return _done(names)

    def create_topics(self, new: list[NewTopic], **_timeout: float) -> "dict[str, Future[None]]":
        self.made |= {topic.topic: topic for topic in new}
        self.there |= {topic.topic: (topic.num_partitions, topic.replication_factor) for topic in new}
        return _done([topic.topic for topic in new])


def _done(names: list[str]) -> "dict[str, Future[None]]":
    done: Future[None] = Future()
    done.set_result(None)
    return dict.fromkeys(names, done)


def reset_everywhere(monkeypatch: pytest.MonkeyPatch, data: Path, brokers: Brokers) -> Result:
    for module in (topics, state):
        monkeypatch.setattr(module, "AdminClient", lambda _properties: brokers)
    return reset(data, "--everywhere", "--stage", "portfolios", "--yes")


@pytest.mark.parametrize(
    ("before", "copies"), [({CHANGELOG: (12, 2)}, 2), ({}, 3)], ids=["there", "deleted by somebody"]
)
def test_a_changelog_is_made_anew_as_the_brokers_had_it_and_not_as_a_shell_says(
    monkeypatch: pytest.MonkeyPatch, data: Path, before: dict[str, tuple[int, int]], copies: int
) -> None:
    brokers = Brokers({"health.portfolio-signals": (6, 3), **before})
    done = reset_everywhere(monkeypatch, data / "scoring-0", brokers)
    assert done.exit_code == 0, done.output
    assert brokers.deleted == before.keys()
    assert (brokers.made[CHANGELOG].num_partitions, brokers.made[CHANGELOG].replication_factor) == (6, copies)


def test_without_a_log_to_fold_nothing_is_deleted(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    brokers, before = Brokers({CHANGELOG: (12, 3)}), files(data)
    done = reset_everywhere(monkeypatch, data / "scoring-0", brokers)
    assert isinstance(done.exception, TopicMissing)
    assert (brokers.deleted, files(data)) == (set(), before)
