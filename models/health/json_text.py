"""A person's JSON as the events of YAML that it stands for, so that it is read with its lines like YAML.

Not all of JSON is YAML: escapes of two halves of a character, tabs for indents, a line separator within a text.
"""

import json
import re
from collections.abc import Iterator

import yaml

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]\n]|[^\s,:{}\[\]"]+')


def is_json(text: str) -> bool:
    """Whether a text is JSON. One with half a character, or a number that is none, is not."""
    try:
        json.dumps(json.loads(text, parse_constant=int), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def json_events(text: str) -> Iterator[yaml.Event]:
    """The events of a text that is JSON."""
    mark = yaml.Mark("", 0, 0, 0, None, 0)
    yield yaml.DocumentStartEvent(mark, mark)
    line = 0
    for token in _TOKEN.findall(text):
        mark = yaml.Mark("", 0, line, 0, None, 0)
        match token[0]:
            case "\n":
                line += 1
            case "{":
                yield yaml.MappingStartEvent(None, None, True, mark, mark)
            case "[":
                yield yaml.SequenceStartEvent(None, None, True, mark, mark)
            case "}":
                yield yaml.MappingEndEvent(mark, mark)
            case "]":
                yield yaml.SequenceEndEvent(mark, mark)
            case '"':
                yield yaml.ScalarEvent(None, None, (False, True), json.loads(token), mark, mark)
            case _:
                yield yaml.ScalarEvent(None, None, (True, False), token, mark, mark)
