"""The scoring model reads no clock, draws no lots, opens nothing: the same log gives the same bytes."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import models.health
from models.health.state import encode
from tests.unit.models.health.test_state import busy_row

FOLDER = Path(models.health.__file__).parent
ALLOWED = {"models", "msgspec", "schemas"}
ALLOWED |= {"bisect", "collections", "datetime", "functools", "hashlib", "itertools", "math", "operator", "struct"}
ALLOWED |= {"abc", "re", "typing"}
# People's YAML is read before anything is published: the fold never sees these.
READING = {"yaml_text.py": {"yaml"}, "json_text.py": {"json", "yaml"}, "forms.py": {"inspect", "pydantic", "types"}}
READING["reading.py"] = {"difflib", "pydantic"}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_module_imports_nothing_that_knows_the_time_or_the_world(path: Path) -> None:
    tree = ast.parse(path.read_text())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in names} <= ALLOWED | READING.get(path.name, set())
    assert not [name for name in names if name.startswith("models.") and not name.startswith("models.health")]
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in CLOCKS]


def test_the_fold_needs_nothing_that_reads_what_people_write() -> None:
    code = "import sys, models.health.fold; sys.exit(bool({'pydantic', 'yaml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_same_log_gives_the_same_bytes() -> None:
    assert encode(busy_row().facts) == encode(busy_row().facts)
