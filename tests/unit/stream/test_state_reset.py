"""`heartline state reset` deletes the table of one worker and nothing beside it."""

import os
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from stream.commands.app import app
from stream.commands.asking import DECLINED
from stream.dataplane import exclusive
from stream.errors import DataDirectoryInUse
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
