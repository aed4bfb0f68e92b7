from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from schemas.generate import main, rendered, stale, write
from schemas.json_schema import components, document, record_types, wire_name


def test_what_is_committed_is_current() -> None:
    assert stale() == [], "run `python -m schemas.generate`"


def test_every_record_type_has_a_sound_json_schema() -> None:
    schemas = components("#/$defs/{name}")
    for record_type in record_types():
        Draft202012Validator.check_schema(document(record_type, schemas))
        assert Path("json") / f"{wire_name(record_type)}.json" in rendered()


def test_a_changed_a_missing_and_a_superfluous_file_are_found_and_put_right(tmp_path: Path) -> None:
    write(tmp_path)
    assert stale(tmp_path) == []
    changed, missing, superfluous = (tmp_path / "json" / f"{name}.json" for name in ("signal", "ticket.opened", "gone"))
    changed.write_text("{}")
    missing.unlink()
    superfluous.write_text("{}")
    found = [path.relative_to(tmp_path) for path in (superfluous, changed, missing)]
    assert stale(tmp_path) == found
    assert write(tmp_path) == found
    assert stale(tmp_path) == []
    assert not superfluous.exists()


def test_check_says_by_its_exit_status_whether_all_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert main(["--nonsense"]) == 2
    assert "--check" in capsys.readouterr().err
