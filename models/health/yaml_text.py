"""A person's YAML or JSON, read with the line of everything in it, and nothing that surprises.

What JSON can say, in YAML's words: no anchors, aliases or tags, no field twice, and of plain words only `true`,
`false`, `null` and numbers are not text (`no` is a word, `2026-04-01` too).
"""

import re
from collections.abc import Iterable
from math import isfinite
from typing import Any, NamedTuple

import yaml

from models.health.errors import ModelError, Path, Problem
from models.health.json_text import is_json, json_events

MAX_CHARACTERS = 512 * 1024
"""Twice as many as the document may have: comments are not part of it."""
MAX_DEPTH = 16
_MAX_DIGITS = 15
_NUMBER = re.compile(r"[-+]?(\d+)(\.\d*)?([eE][-+]?\d{1,3})?|[-+]?\.\d+([eE][-+]?\d{1,3})?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Read(NamedTuple):
    """What a text says, the line (from 1) of each place in it, and what is wrong with the text itself."""

    value: Any
    lines: dict[Path, int]
    problems: list[Problem]


def read_yaml(text: str | bytes) -> Read:
    """The one document of a text. Raises ModelError where it cannot be read to its end."""
    if len(text) > MAX_CHARACTERS:
        raise ModelError([Problem((), f"the text is longer than {MAX_CHARACTERS} characters")])
    reader = _Reader()
    try:
        for event in _events(text):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        words = " ".join(word for word in (error.context, error.problem) if word)
        raise ModelError([*reader.problems, Problem((), f"this is not YAML: {words}", line)]) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise ModelError([Problem((), f"this is not YAML: {str(error).splitlines()[0]}")]) from error
    if reader.documents == 0:
        raise ModelError([Problem((), "there is nothing in it")])
    return Read(reader.value, reader.lines, reader.problems)


def _events(text: str | bytes) -> Iterable[yaml.Event]:
    try:
        known = text if isinstance(text, str) else text.decode("utf-8-sig")
    except UnicodeDecodeError:
        known = ""  # YAML knows other encodings
    return json_events(known) if is_json(known) else yaml.parse(text, Loader=_Loader)


class _Open(NamedTuple):
    """A mapping or list that is not closed yet. `keys` has the key whose value comes next."""

    path: Path
    value: dict[str, Any] | list[Any]
    keys: list[str]


class _Reader:
    """Builds values out of YAML's events."""

    def __init__(self) -> None:
        self.value: Any = None
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self.documents = 0
        self._open: list[_Open] = []

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1  # type: ignore[union-attr]  # parsed events have a mark
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise ModelError([*self.problems, Problem((), "a second document begins: a file has one model", line)])
        elif isinstance(event, yaml.AliasEvent):
            raise ModelError([*self.problems, Problem(self._place(), "aliases are not allowed: repeat it", line)])
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._open.pop()

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            self._refuse(f"anchors are not allowed: remove &{event.anchor}", line)
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._refuse(f"tags are not allowed: remove {tag}", line)
        holder = self._open[-1] if self._open else None
        if holder is not None and isinstance(holder.value, dict) and not holder.keys:
            self._key(holder, event, line)
            return
        path = self._place()
        self.lines.setdefault(path, line)
        if isinstance(event, yaml.ScalarEvent):
            self._keep(holder, self._scalar(event, line))
            return
        value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._keep(holder, value)
        self._open.append(_Open(path, value, []))
        if len(self._open) > MAX_DEPTH:
            raise ModelError([*self.problems, Problem(path[:4], f"it is nested deeper than {MAX_DEPTH} levels", line)])

    def _key(self, holder: _Open, event: yaml.NodeEvent, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise ModelError([*self.problems, Problem(holder.path, "the name of a field has to be a word", line)])
        path = (*holder.path, event.value)
        if event.value in holder.value:
            self.problems.append(Problem(path, f"it is here twice, first in line {self.lines[path]}", line))
        holder.keys.append(event.value)
        self.lines[path] = line

    def _keep(self, holder: _Open | None, value: Any) -> None:
        if holder is None:
            self.value = value
        elif isinstance(holder.value, dict):
            holder.value[holder.keys.pop()] = value
        else:
            holder.value.append(value)

    def _place(self) -> Path:
        """Where the next value belongs."""
        if not self._open:
            return ()
        holder = self._open[-1]
        if isinstance(holder.value, list):
            return (*holder.path, len(holder.value))
        return (*holder.path, *holder.keys)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Any:
        text = event.value
        if not event.implicit[0]:  # in quotes
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _NUMBER.fullmatch(text) is None:
            return text
        if sum(map(str.isdigit, text)) > _MAX_DIGITS or not isfinite(float(text)):
            self._refuse("this number is too large or too long", line)
            return 0
        return float(text) if set(text) & set(".eE") else int(text)

    def _refuse(self, message: str, line: int) -> None:
        self.problems.append(Problem(self._place(), message, line))
