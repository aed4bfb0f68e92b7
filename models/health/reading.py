"""Reads a model as people write it: YAML in, the document for the log out, or everything that is wrong with it."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args

import msgspec
from pydantic import ValidationError

from models.health.document import MAX_BYTES
from models.health.errors import ModelError, Path, Problem
from models.health.forms import Form, model_form
from models.health.model import parse_model
from models.health.yaml_text import Read, read_yaml
from schemas.profiles import AccountUpdated, ContactUpdated

_OF_ACCOUNTS = set(AccountUpdated.__struct_fields__) - set(ContactUpdated.__struct_fields__)
_TIMES = {"customer_since", "in_role_since"}
_NUMBER, _WHOLE_NUMBER = "must be a number", "must be a whole number"
_TYPES = {
    "int_type": _WHOLE_NUMBER,
    "float_type": _NUMBER,
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "model_type": "must be a block of fields ({} for one that changes nothing)",
    "dict_type": "must be a block of fields",
}


def read_model(text: str | bytes) -> bytes:
    """The JSON document of a YAML text (or of JSON, which is YAML too), with its fields in the order of the text.

    Raises ModelError: `problems` has all that is wrong, each with its field and line.
    """
    read = read_yaml(text)
    problems = [*read.problems, *_problems(read)]
    if not problems:
        document = msgspec.json.encode(read.value)
        if len(document) > MAX_BYTES:
            problems = [Problem((), f"the model has {len(document)} bytes; it may have {MAX_BYTES}")]
        else:
            try:
                parse_model(document)
            except ModelError as error:
                problems = list(error.problems)
    if problems:
        raise ModelError(_ordered(problems, read.lines))
    return document


def _problems(read: Read) -> list[Problem]:
    """What does not fit the form, one problem for each place."""
    if not isinstance(read.value, dict):
        return [Problem((), "a model is a mapping of fields, as in `version: 2026-04`")]
    try:
        model_form().model_validate_json(msgspec.json.encode(read.value))
    except ValidationError as error:
        places: dict[Path, list[str]] = {}
        for detail in error.errors(include_url=False):
            path = _place(detail, read.value)
            words = places.setdefault(path, [])
            message = _message(detail, path)
            if message not in words:
                words.append(message)
            if len(words) > 1 and _WHOLE_NUMBER in words:
                words.remove(_WHOLE_NUMBER)  # where any number will do
        return [Problem(path, " or ".join(words)) for path, words in places.items()]
    return []


def _place(detail: Mapping[str, Any], value: Any) -> Path:
    """The place in the document. Pydantic adds which of several possible types it speaks of."""
    path: list[str | int] = []
    for step in detail["loc"]:
        if isinstance(value, dict) and step in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            if detail["type"] == "missing":
                path.append(step)
            break
        path.append(step)
    return tuple(path)


def _message(detail: Mapping[str, Any], path: Path) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return _unknown(path)
        case "missing":
            return "it is missing"
        case "string_type" if isinstance(detail["input"], int | float):
            return "must be text: put it in quotes"
        case "value_error":
            return str(detail["ctx"]["error"])
    return _TYPES.get(detail["type"]) or re.sub(r"^\w+ should (be|have|match)", r"must \1", detail["msg"])


def _unknown(path: Path) -> str:
    *where, name = path
    if where[:1] == ["segments"] and where[2:] == ["when"]:
        if name in _OF_ACCOUNTS or str(name).startswith("account."):
            return "accounts' fields are not known where contacts are scored: send it as an attribute of the contact"
        if name in _TIMES:
            return "a segment does not go by times: send it as an attribute of the contact"
    if name == "extends":
        return "segments do not build on each other: each overrides the base"
    known = list(_form_at(tuple(where)).model_fields)
    alike = get_close_matches(str(name), known, 1)
    return (
        f"there is no such field; did you mean {alike[0]}?"
        if alike
        else (f"there is no such field; there are: {', '.join(known)}")
    )


def _form_at(path: Path) -> type[Form]:
    """The form of a place in the document."""
    form = model_form()
    for step in path:
        if isinstance(step, str):
            inner = _inner(form.model_fields[step].annotation)
            assert inner is not None, "only a form refuses a field"
            form = inner
    return form


def _inner(annotation: Any) -> type[Form] | None:
    if isinstance(annotation, type) and issubclass(annotation, Form):
        return annotation
    return next((form for one in get_args(annotation) if (form := _inner(one)) is not None), None)


def _ordered(problems: list[Problem], lines: dict[Path, int]) -> list[Problem]:
    """Problems with their lines, in the order of the text. What is missing has the line of what it is missing from."""
    placed = [one if one.line is not None else one._replace(line=_line(one.path, lines)) for one in problems]
    return sorted(placed, key=lambda one: one.line or 0)


def _line(path: Path, lines: dict[Path, int]) -> int | None:
    while path not in lines and path:
        path = path[:-1]
    return lines.get(path)
