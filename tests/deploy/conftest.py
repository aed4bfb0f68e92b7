"""The real checkers of the deployment files. One that is missing fails the test: a skip would look like a pass."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "heartline"
SCRIPTS = Path(sys.executable).parent


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in the repository's root; its exit status is the caller's to judge."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def built(name: str) -> Path:
    """A tool that `make tools` builds."""
    tool = ROOT / ".cache" / "bin" / name
    if not tool.exists():
        pytest.fail(f"{tool.relative_to(ROOT)} is missing: run `make tools`")
    return tool


class Helm:
    """`helm template` of the chart, with values from files and from single settings."""

    def __init__(self) -> None:
        self.program = built("helm")

    def template(self, *files: Path, sets: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        options = [word for file in files for word in ("--values", str(file))]
        options += [word for setting in sets for word in ("--set-json", setting)]
        return run(self.program, "template", "trial", CHART, *options)

    def objects(self, *files: Path, sets: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """The rendered objects; fails with helm's own words if there are none."""
        rendered = self.template(*files, sets=sets)
        assert rendered.returncode == 0, rendered.stderr
        return [document for document in yaml.safe_load_all(rendered.stdout) if document]


@pytest.fixture(scope="session")
def helm() -> Helm:
    return Helm()


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """The Compose project as Compose itself reads it."""
    loaded = run(built("compose_check"), ROOT / "docker-compose.yml")
    assert loaded.returncode == 0, loaded.stderr
    project: dict[str, Any] = json.loads(loaded.stdout)
    return project
