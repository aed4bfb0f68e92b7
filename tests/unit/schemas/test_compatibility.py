import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from schemas.compatibility import incompatibilities, wire
from schemas.generate import BASELINE, FOLDER, broken, keep_baseline

Wire = dict[str, Any]


def test_nobody_who_relies_on_the_last_release_is_broken() -> None:
    assert (FOLDER / BASELINE).exists()
    assert broken() == []


def test_no_change_is_no_harm() -> None:
    assert incompatibilities(wire(), json.loads(json.dumps(wire()))) == []


def text(**limits: object) -> Wire:
    return {"type": "string", **limits}


def or_null(schema: Wire) -> Wire:
    return {"anyOf": [schema, {"type": "null"}], "default": None}


def a_wire() -> Wire:
    """One input, one log and one output whose values are alike."""
    struct = {
        "type": "object",
        "properties": {
            "type": {"const": "thing"},
            "id": text(maxLength=10, minLength=1, pattern="^x"),
            "word": {"enum": ["a", "b"]},
            "count": {"type": "integer", "minimum": 0, "maximum": 9},
            "note": or_null(text()),
            "mode": {"enum": ["live", "import"], "default": "live"},
            "tags": {"type": "array", "items": {"enum": ["p", "q"]}, "default": []},
            "points": {"type": "object", "additionalProperties": {"type": "number"}, "default": {}},
            "part": {"anyOf": [{"$ref": "Left"}, {"$ref": "Right"}]},
        },
        "required": ["type", "id", "word", "count", "part"],
    }
    side = {"type": "object", "properties": {"size": {"type": "number"}}, "required": ["size"]}
    roles = {"in": "input", "log": "log", "out": "output"}
    return {
        "topics": {
            name: {"role": role, "key": "contact", "cleanup": "delete", "values": ["Thing"]}
            for name, role in roles.items()
        },
        "schemas": {"Thing": struct, "Left": side, "Right": deepcopy(side), "Third": deepcopy(side)},
    }


def harmed(change: Callable[[Wire], object]) -> set[str]:
    """The topics whose readers or writers a change breaks."""
    hit = set()
    for name in ("in", "log", "out"):
        old = a_wire()
        old["topics"] = {name: old["topics"][name]}
        new = deepcopy(old)
        change(new)
        if incompatibilities(old, new):
            hit.add(name)
    return hit


def field(name: str) -> Callable[[Wire], Wire]:
    return lambda new: fields(new)[name]


def required(new: Wire) -> list[str]:
    return new["schemas"]["Thing"]["required"]  # type: ignore[no-any-return]


def fields(new: Wire) -> Wire:
    return new["schemas"]["Thing"]["properties"]  # type: ignore[no-any-return]


def topic(new: Wire) -> Wire:
    return next(iter(new["topics"].values()))


def rename(new: Wire, old_name: str, new_name: str) -> None:
    fields(new)[new_name] = fields(new).pop(old_name)
    if old_name in required(new):
        required(new)[required(new).index(old_name)] = new_name


def add_required(new: Wire, name: str, schema: Wire) -> None:
    fields(new)[name] = schema
    required(new).append(name)


ALL, READ_BY_US, READ_BY_OTHERS, NONE = {"in", "log", "out"}, {"in", "log"}, {"out"}, set[str]()


@pytest.mark.parametrize(
    ("change", "breaks"),
    [
        pytest.param(lambda new: new["topics"].clear(), ALL, id="a topic vanishes"),
        pytest.param(lambda new: topic(new).update(key="account"), ALL, id="a topic has another key"),
        pytest.param(lambda new: topic(new).update(cleanup="compact"), ALL, id="a topic is cleaned up differently"),
        pytest.param(lambda new: topic(new)["values"].clear(), ALL, id="a type vanishes from its topic"),
        pytest.param(lambda new: topic(new)["values"].append("Left"), READ_BY_OTHERS, id="a topic gains a type"),
        pytest.param(lambda new: fields(new).pop("note"), ALL, id="an optional field vanishes"),
        pytest.param(lambda new: rename(new, "word", "term"), ALL, id="a required field is renamed"),
        pytest.param(lambda new: field("count")(new).update(type="string"), ALL, id="a field changes its type"),
        pytest.param(lambda new: field("mode")(new).update(default="import"), ALL, id="a default changes"),
        pytest.param(lambda new: fields(new).update(extra=or_null(text())), NONE, id="a new optional field"),
        pytest.param(lambda new: add_required(new, "extra", text()), READ_BY_US, id="a new required field"),
        pytest.param(lambda new: required(new).append("note"), READ_BY_US, id="an optional field becomes required"),
        pytest.param(lambda new: required(new).remove("word"), READ_BY_OTHERS, id="a required field becomes optional"),
        pytest.param(lambda new: field("word")(new)["enum"].append("c"), READ_BY_OTHERS, id="a set gains a word"),
        pytest.param(lambda new: field("word")(new)["enum"].remove("b"), READ_BY_US, id="a set loses a word"),
        pytest.param(lambda new: fields(new).update(word=text()), READ_BY_OTHERS | READ_BY_US, id="a set is opened"),
        pytest.param(lambda new: field("id")(new).update(maxLength=11), READ_BY_OTHERS, id="an upper limit widens"),
        pytest.param(lambda new: field("id")(new).update(maxLength=9), READ_BY_US, id="an upper limit narrows"),
        pytest.param(lambda new: field("id")(new).pop("maxLength"), READ_BY_OTHERS, id="an upper limit is dropped"),
        pytest.param(lambda new: field("count")(new).update(minimum=-1), READ_BY_OTHERS, id="a lower limit widens"),
        pytest.param(lambda new: field("count")(new).update(minimum=1), READ_BY_US, id="a lower limit narrows"),
        pytest.param(lambda new: field("id")(new).update(pattern="^y"), ALL, id="a pattern changes"),
        pytest.param(lambda new: field("id")(new).pop("pattern"), READ_BY_OTHERS, id="a pattern is dropped"),
        pytest.param(lambda new: field("count")(new).update(type="number"), READ_BY_OTHERS, id="integer to number"),
        pytest.param(lambda new: field("note")(new)["anyOf"].pop(), READ_BY_US, id="null is no longer possible"),
        pytest.param(
            lambda new: fields(new).update(count=or_null(field("count")(new))), READ_BY_OTHERS, id="may be null"
        ),
        pytest.param(lambda new: field("tags")(new)["items"]["enum"].append("r"), READ_BY_OTHERS, id="in a list"),
        pytest.param(
            lambda new: field("points")(new)["additionalProperties"].update(type="string"), ALL, id="in a map"
        ),
        pytest.param(
            lambda new: field("part")(new)["anyOf"].append({"$ref": "Third"}), READ_BY_OTHERS, id="a union gains a type"
        ),
        pytest.param(lambda new: field("part")(new)["anyOf"].pop(), READ_BY_US, id="a union loses a type"),
        pytest.param(
            lambda new: new["schemas"]["Right"]["properties"].update(size=text()), ALL, id="in a struct referred to"
        ),
        pytest.param(lambda new: field("id")(new).update(title="Id", description="An id"), NONE, id="words for people"),
        pytest.param(lambda new: field("count")(new).update(multipleOf=3), ALL, id="a keyword that no rule knows"),
        pytest.param(
            lambda new: new["schemas"]["Thing"].update(additionalProperties=False), ALL, id="unknown fields are refused"
        ),
        pytest.param(lambda new: new["topics"].update(other=topic(new)), NONE, id="a new topic"),
    ],
)
def test_a_change_breaks_exactly_those_whom_the_rules_name(change: Callable[[Wire], object], breaks: set[str]) -> None:
    assert harmed(change) == breaks


def test_a_problem_names_the_place() -> None:
    new = a_wire()
    new["schemas"]["Right"]["properties"].clear()
    new["schemas"]["Right"]["required"].clear()
    assert "Thing.part.size: the field is gone" in incompatibilities(a_wire(), new)


def test_a_breaking_wire_does_not_become_the_baseline(tmp_path: Path) -> None:
    assert keep_baseline(tmp_path) == []
    assert broken(tmp_path) == []
    kept = json.loads((tmp_path / BASELINE).read_text())
    kept["topics"]["support.faxes"] = kept["topics"]["support.tickets"]
    (tmp_path / BASELINE).write_text(json.dumps(kept))
    assert keep_baseline(tmp_path) == ["support.faxes: the topic is gone"]
    assert json.loads((tmp_path / BASELINE).read_text()) == kept
