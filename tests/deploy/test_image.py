"""The image: its Dockerfile by hadolint, and what is copied into it by building the package from just that."""

import fnmatch
import json
import re
import shutil
import subprocess
import sys
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

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


def health_check(port: int) -> int:
    """The exit status of the image's own health check for a worker on that port."""
    (command,) = re.findall(r"HEALTHCHECK [^\[]*CMD (\[.*\])$", DOCKERFILE, flags=re.MULTILINE)
    interpreter, *arguments = json.loads(command)
    assert interpreter == "python"
    environment = {"HEARTLINE_HTTP_PORT": str(port)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=False).returncode


@pytest.mark.parametrize(("answering", "healthy"), [("/live", True), ("/ready", False)])
def test_the_health_check_asks_whether_the_worker_is_alive(answering: str, healthy: bool) -> None:
    class Worker(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == answering else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Worker) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        status = health_check(server.server_port)
        server.shutdown()
    assert (status == 0) is healthy


def test_the_health_check_fails_where_nobody_answers() -> None:
    assert health_check(port=1) != 0


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
