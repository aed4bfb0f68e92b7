"""Writes the published schemas: `python -m schemas.generate`, or with `--check` says which of them are not current.

`schemas/json/` has one JSON Schema per record type, `schemas/asyncapi.json` describes all topics. At a release,
`--baseline` keeps the wire as it is then (`schemas/baseline.json`), for `schemas.compatibility` to hold later changes
to it; it refuses if the change since the last one breaks anybody. To break on purpose, delete that file first.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from schemas.asyncapi import asyncapi
from schemas.compatibility import incompatibilities, wire
from schemas.json_schema import components, document, record_types, wire_name

FOLDER = Path(__file__).parent
JSON_SCHEMAS = Path("json")
ASYNCAPI = Path("asyncapi.json")
BASELINE = Path("baseline.json")


def rendered() -> dict[Path, str]:
    """The content of every generated file, by its path within `schemas/`."""
    schemas = components("#/$defs/{name}")
    files = {JSON_SCHEMAS / f"{wire_name(each)}.json": _text(document(each, schemas)) for each in record_types()}
    return files | {ASYNCAPI: _text(asyncapi())}


def stale(folder: Path = FOLDER) -> list[Path]:
    """Generated files that are missing, differ from what the types say, or belong to no type any more."""
    files = rendered()
    present = {path.relative_to(folder) for path in (folder / JSON_SCHEMAS).glob("*.json")}
    return sorted(
        path
        for path in files.keys() | present
        if not (folder / path).is_file() or files.get(path) != _read(folder / path)
    )


def write(folder: Path = FOLDER) -> list[Path]:
    """Bring the generated files up to date; returns those that were not."""
    files, changed = rendered(), stale(folder)
    for path in changed:
        if path in files:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(files[path], encoding="utf-8")
        else:
            (folder / path).unlink()
    return changed


def broken(folder: Path = FOLDER) -> list[str]:
    """What has changed since the baseline that breaks those who rely on it; nothing if there is no baseline."""
    path = folder / BASELINE
    return incompatibilities(json.loads(_read(path)), wire()) if path.exists() else []


def keep_baseline(folder: Path = FOLDER) -> list[str]:
    """Make the wire of now the baseline, unless something is `broken`; returns that."""
    problems = broken(folder)
    if not problems:
        (folder / BASELINE).write_text(_text(wire()), encoding="utf-8")
    return problems


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, 1 if a file is not current or a baseline is refused, 2 for unknown arguments."""
    if arguments == ["--baseline"]:
        problems = keep_baseline()
        print("\n".join(problems or ["schemas/baseline.json written"]))
        return 1 if problems else 0
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    changed = stale() if arguments else write()
    for path in changed:
        print(f"schemas/{path} {'is not current: run `python -m schemas.generate`' if arguments else 'written'}")
    return 1 if arguments and changed else 0


def _text(schema: object) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
