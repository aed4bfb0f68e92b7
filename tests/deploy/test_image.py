"""The image: its Dockerfile by hadolint, and what is copied into it by building the package from just that."""

import fnmatch
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, SCRIPTS, run

DOCKERFILE = (ROOT / "Dockerfile").read_text()
PACKAGES = ("schemas", "models", "stream")


def copied() -> list[str]:
    """What the Dockerfile takes from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, flags=re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def let_through(source: str) -> bool:
    """Whether .dockerignore lets it reach the build: the last line that matches decides."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    verdicts = [rule.startswith("!") for rule in rules if fnmatch.fnmatch(source, rule.removeprefix("!"))]
    return verdicts[-1]


def test_hadolint_finds_nothing_to_say_against_the_dockerfile() -> None:
    checked = run(SCRIPTS / "hadolint", "--failure-threshold", "style", "Dockerfile")
    assert checked.returncode == 0, checked.stdout


def test_hadolint_would_notice_an_image_without_a_version(tmp_path: Path) -> None:
    loose = tmp_path / "Dockerfile"
    loose.write_text(DOCKERFILE.replace("python:3.11-slim", "python"))
    assert "DL3006" in run(SCRIPTS / "hadolint", loose).stdout


def test_the_image_runs_heartline_as_nobody_in_particular() -> None:
    final = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert 'ENTRYPOINT ["heartline"]' in final
    assert "USER 10001:10001" in final
    assert "/live" in final


def test_everything_is_installed_by_hash() -> None:
    installs = re.findall(r"pip install (.*)$", DOCKERFILE, flags=re.MULTILINE)
    assert len(installs) == 2
    for install in installs:
        assert "--require-hashes" in install or "--no-deps --no-build-isolation" in install


@pytest.mark.parametrize("source", copied())
def test_what_is_copied_exists_and_reaches_the_build(source: str) -> None:
    assert (ROOT / source).exists()
    assert let_through(source)


@pytest.mark.parametrize("source", [".git", ".venv", ".cache", "tests", ".env"])
def test_what_is_not_needed_never_reaches_the_build(source: str) -> None:
    assert not let_through(source)


def test_what_is_copied_is_enough_to_build_every_module_and_the_command(tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    for source in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, context / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, context / source)
    built = run(
        SCRIPTS / "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        tmp_path,
        context,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("heartline-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
        (entry_points,) = (name for name in packed if name.endswith("entry_points.txt"))
        assert "heartline = stream.commands:main" in archive.read(entry_points).decode()
    tracked = run("git", "ls-files", *PACKAGES).stdout.split()
    assert tracked
    assert {name for name in tracked if (ROOT / name).exists()} <= packed
