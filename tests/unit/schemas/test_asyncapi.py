import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from schemas.asyncapi import asyncapi
from schemas.catalogue import TOPICS
from schemas.generate import ASYNCAPI, FOLDER

CHECK = Path(__file__).parent / "asyncapi"
CACHE = Path(__file__).parents[3] / ".cache"
FILES = ("package.json", "package-lock.json", "check.mjs")


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is missing: install Node.js 18 or later (Debian: apt-get install nodejs npm)")
    return path


@pytest.fixture(scope="module")
def checker() -> Path:
    """The folder of the check with @asyncapi/parser installed: made once per version of its files, kept in `.cache`."""
    digest = hashlib.sha256(b"".join((CHECK / name).read_bytes() for name in FILES)).hexdigest()[:16]
    folder = CACHE / f"asyncapi-{digest}"
    if not folder.exists():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE, ignore_cleanup_errors=True) as fresh:
            for name in FILES:
                shutil.copy(CHECK / name, fresh)
            run(tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", cwd=fresh)
            if not folder.exists():
                os.rename(fresh, folder)
    return folder


def run(*command: str, cwd: str | Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(checker: Path, document: Path) -> subprocess.CompletedProcess[str]:
    command = [tool("node"), "check.mjs", str(document)]
    return subprocess.run(command, cwd=checker, capture_output=True, text=True, timeout=120)


def test_asyncapis_own_parser_finds_no_error(checker: Path) -> None:
    done = check(checker, FOLDER / ASYNCAPI)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_the_check_would_find_a_dangling_reference(checker: Path, tmp_path: Path) -> None:
    document = asyncapi()
    del document["components"]["messages"]["Signal"]
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document))
    done = check(checker, broken)
    assert done.returncode == 1
    assert "Signal" in done.stdout


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return asyncapi()


def test_every_topic_is_a_channel_with_its_key_and_its_settings(document: dict[str, Any]) -> None:
    assert set(document["channels"]) == set(TOPICS)
    for name, channel in document["channels"].items():
        settings = channel["bindings"]["kafka"]["topicConfiguration"]
        published = {key: ",".join(value) if isinstance(value, list) else str(value) for key, value in settings.items()}
        config = TOPICS[name].config
        # The binding has no words for the others.
        assert published == {key: config[key] for key in config if not key.startswith(("segment", "max.compaction"))}
    for message in document["components"]["messages"].values():
        assert message["bindings"]["kafka"]["key"]["description"]


def test_every_output_has_the_headers_of_cloudevents(document: dict[str, Any]) -> None:
    for topic in TOPICS.values():
        if topic.role == "output":
            (message,) = document["channels"][topic.name]["messages"]
            headers = document["components"]["messages"][message]["headers"]["required"]
            assert {"ce_id", "ce_type", "ce_source", "ce_time", "ce_specversion"} <= set(headers)


def test_the_published_headers_of_dead_letters_are_those_that_are_written(document: dict[str, Any]) -> None:
    from stream.dead_letters import CUT_FROM, OUR_HEADERS

    headers = document["components"]["messages"]["DeadLetter"]["headers"]
    assert set(headers["properties"]) == OUR_HEADERS
    assert set(headers["required"]) == OUR_HEADERS - {CUT_FROM}
