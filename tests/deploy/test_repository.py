"""What is committed is true on any machine: no paths of one, no registry's address, locks that fit what they lock."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, run

MACHINE_PATH = re.compile(r"(^|[^a-zA-Z0-9_./-])/(wo" r"rk|fa" r"rm|ro" r"ot)/")
REGISTRY = re.compile(r"https?://[^ \"]*(python" r"hosted|py" r"pi|npm" r"js|ma" r"ven|cra" r"tes|deb" r"ian)")
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-train.lock",
    "bench/requirements.lock",
    "tests/deploy/go.lock",
)


def tracked_text() -> Iterator[tuple[str, str]]:
    listed = run("git", "ls-files")
    assert "pyproject.toml" in listed.stdout, listed.stderr
    for name in listed.stdout.splitlines():
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in content[:8000]:
            yield name, content.decode()


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in tracked_text()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def locked(name: str) -> dict[str, str]:
    """Package to version."""
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", (ROOT / name).read_text(), flags=re.MULTILINE))


def test_no_file_names_a_path_of_one_machine() -> None:
    assert found(MACHINE_PATH) == []


def test_no_file_names_the_address_of_a_package_registry() -> None:
    assert found(REGISTRY) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = project["project"]["dependencies"] + project["dependency-groups"]["build"]
    development = [entry for entry in project["dependency-groups"]["dev"] if isinstance(entry, str)]
    assert missing(declared, "requirements.lock") == set()
    assert missing(declared + development, "requirements-dev.lock") == set()


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [entry for extra in project["optional-dependencies"].values() for entry in extra]
    declared = {name_of(entry) for entry in project["dependencies"] + extras}
    carried_by = packages_distributions()
    undeclared = {
        name: file
        for name, file in imported()
        if not declared & {name_of(package) for package in carried_by.get(name, [name])}
    }
    assert undeclared == {}


def imported() -> Iterator[tuple[str, str]]:
    """The packages that the product imports, and where; not the standard library's and not ours."""
    ours = ("schemas", "models", "stream")
    for file in (file for folder in ours for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                names = [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            for name in (name.partition(".")[0] for name in names):
                if name not in sys.stdlib_module_names and name not in ours:
                    yield name, str(file.relative_to(ROOT))


def test_the_page_of_dependencies_has_a_row_for_each() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = [entry for extra in project["project"]["optional-dependencies"].values() for entry in extra]
    groups = [entry for group in project["dependency-groups"].values() for entry in group if isinstance(entry, str)]
    declared = {name_of(entry) for entry in project["project"]["dependencies"] + extras + groups}
    page = (ROOT / "docs" / "dependencies.md").read_text()
    assert {name for name in declared if f"`{name}`" not in page.lower()} == set()


def name_of(entry: str) -> str:
    return re.split(r"[\[<>=~! ]", entry)[0].lower().replace("_", "-")


def missing(declared: list[str], lock: str) -> set[str]:
    return {name_of(entry) for entry in declared} - locked(lock).keys()


def test_development_runs_on_the_versions_that_are_served() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_serving_and_checking_need_no_torch(lock: str) -> None:
    assert {name for name in locked(lock) if name == "torch" or name.startswith("nvidia-")} == set()


def test_one_version_is_written_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    chart = (ROOT / "helm" / "heartline" / "Chart.yaml").read_text()
    assert f'appVersion: "{version}"' in chart
    assert f"image: heartline:{version}\n" in (ROOT / "docker-compose.yml").read_text()
    assert f"## [{version}]" in Path(ROOT / "CHANGELOG.md").read_text()
