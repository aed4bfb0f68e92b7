import json
from pathlib import Path
from typing import Any

import pytest

from stream.errors import BadInput
from stream.event_files import read_events

OPENED: dict[str, Any] = {
    "type": "ticket.opened",
    "event_id": "e1",
    "occurred_at": "2026-01-05T10:00:00Z",
    "contact": "c",
    "ticket": "t",
}
MODEL: dict[str, Any] = {
    "type": "model.published",
    "event_id": "e2",
    "occurred_at": "2026-01-05T10:00:00Z",
    "version": "2",
    "author": "u",
}


def write(folder: Path, *events: dict[str, Any]) -> Path:
    file = folder / "events.jsonl"
    file.write_text("\n\n".join(map(json.dumps, events)))
    return file


def test_each_line_is_an_event_and_empty_lines_are_none(tmp_path: Path) -> None:
    assert [event.event_id for event in read_events(write(tmp_path, OPENED, OPENED | {"event_id": "e3"}))] == [
        "e1",
        "e3",
    ]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"type": "ticket.opened"}, "required field"),
        (OPENED | {"contact": "someone@mail.example"}, "`contact`"),
        (OPENED | {"occurred_at": "9999-12-31T00:00:00Z"}, "`occurred_at` is more than 1 day ahead"),
        (MODEL | {"model": {"version": "2", "components": {"luck": {}}}}, "luck"),
    ],
)
def test_what_intake_would_refuse_is_named_by_its_line(tmp_path: Path, bad: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=r"line 3: .*" + said):
        list(read_events(write(tmp_path, OPENED, bad)))
