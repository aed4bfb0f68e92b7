"""What a change of the wire may do to those who read and write it by the schemas of the last release (`baseline.json`).

1. Topics: none vanishes or changes its role, key or cleanup policy, and none loses a record type.
2. Fields: none vanishes or is renamed, required or not, and the meaning of leaving it out (its default) stays.
3. Outputs are read by others, who are not upgraded when we are: what is written now must be readable by a reader of
   the baseline. So no required field may become optional, no closed set of words may gain one, no limit may widen, no
   topic may carry a further type. A new field is no harm: readers ignore it.
4. Inputs are written by others, and a log is kept for years: what was written by the baseline must still be accepted.
   So no optional field may become required, no new one may be, no set of words may lose one, no limit may narrow. A set
   may gain words and a log new facts, because readers of a log are ours and are upgraded before its writers (scoring
   before intake).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.catalogue import TOPICS
from schemas.json_schema import Schema, components

_ANNOTATIONS = {"title", "description", "default"}
_UPPER, _LOWER = ("maxLength", "maximum", "maxProperties", "maxItems"), ("minLength", "minimum", "minItems")
_EQUAL = ("pattern", "format", "oneOf")
_NESTED = ("items", "additionalProperties", "propertyNames")
_JUDGED = {"type", "enum", "const", "anyOf", "properties", "required", *_UPPER, *_LOWER, *_EQUAL, *_NESTED}


def wire() -> Schema:
    """Everything that compatibility is judged by, as plain JSON."""
    topics = {
        name: {
            "role": topic.role,
            "key": topic.key,
            "cleanup": topic.cleanup,
            "values": [value.__name__ for value in topic.values],
        }
        for name, topic in TOPICS.items()
    }
    return {"topics": topics, "schemas": components("{name}")}


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """What in `new` breaks readers or writers of `old` (both as `wire` gives them), one sentence each."""
    found: list[str] = []
    for name, before in old["topics"].items():
        after = new["topics"].get(name)
        if after is None:
            found.append(f"{name}: the topic is gone")
            continue
        found += [
            f"{name}: its {part} was {before[part]}"
            for part in ("role", "key", "cleanup")
            if before[part] != after[part]
        ]
        found += [f"{name}: {value} is gone" for value in before["values"] if value not in after["values"]]
        if before["role"] == "output":
            found += [f"{name}: {value} is new there" for value in after["values"] if value not in before["values"]]
        comparison = _Comparison(old["schemas"], new["schemas"], old_reads=before["role"] == "output")
        for value in before["values"]:
            if value in after["values"]:
                found += comparison.structs(value)
    return found


@dataclass(frozen=True)
class _Comparison:
    """Whether every value of the writer's schema is one of the reader's. One of the two is the old one."""

    old: dict[str, Schema]
    new: dict[str, Schema]
    old_reads: bool

    def structs(self, name: str) -> Iterator[str]:
        return self._values({"$ref": name}, {"$ref": name}, name)

    def _values(self, writer: Schema, reader: Schema, at: str) -> Iterator[str]:
        writer, reader = self._resolve(writer, writes=True), self._resolve(reader, writes=False)
        if "anyOf" in writer or "anyOf" in reader:
            yield from self._alternatives(writer, reader, at)
            return
        yield from _types(writer, reader, at)
        yield from _words(writer, reader, at)
        yield from _limits(writer, reader, at)
        if "properties" in writer and "properties" in reader:
            yield from self._fields(writer, reader, at)
        for keyword in _NESTED:
            if isinstance(writer.get(keyword), dict) and isinstance(reader.get(keyword), dict):
                yield from self._values(writer[keyword], reader[keyword], f"{at}[{keyword}]")
            elif writer.get(keyword) != reader.get(keyword):
                yield f"{at}: `{keyword}` is not what it was"
        for keyword in (writer.keys() | reader.keys()) - _JUDGED - _ANNOTATIONS:
            if writer.get(keyword) != reader.get(keyword):
                yield f"{at}: `{keyword}` is not what it was, and no rule says what that means"

    def _alternatives(self, writer: Schema, reader: Schema, at: str) -> Iterator[str]:
        """Each alternative of the writer has to be one of the reader's; two are compared if they are of one kind."""
        known = {_kind(each): each for each in reader.get("anyOf", [reader])}
        for each in writer.get("anyOf", [writer]):
            kind = _kind(each)
            if kind in known:
                yield from self._values(each, known[kind], at)
            elif not (kind == "integer" and "number" in known):
                yield f"{at}: {kind} cannot be read"

    def _fields(self, writer: Schema, reader: Schema, at: str) -> Iterator[str]:
        written, read = writer["properties"], reader["properties"]
        always, needed = set(writer.get("required", [])), set(reader.get("required", []))
        before, after = (read, written) if self.old_reads else (written, read)
        yield from (f"{at}.{name}: the field is gone" for name in before if name not in after)
        for name, field in read.items():
            if name in needed and name not in always:
                yield f"{at}.{name}: a reader needs it, and it need not be written"
            elif name in written and name not in always and field.get("default") != written[name].get("default"):
                yield f"{at}.{name}: leaving it out means something else than it did"
            if name in written:
                yield from self._values(written[name], field, f"{at}.{name}")

    def _resolve(self, schema: Schema, *, writes: bool) -> Schema:
        if "$ref" not in schema:
            return schema
        return (self.new if writes == self.old_reads else self.old)[schema["$ref"]]


def _kind(schema: Schema) -> str:
    """What tells the alternatives of a union apart: a struct's name, or the JSON type."""
    if "$ref" in schema:
        return str(schema["$ref"])
    return str(schema.get("type", "string" if _closed_set(schema) else "anything"))


def _types(writer: Schema, reader: Schema, at: str) -> Iterator[str]:
    writes, reads = writer.get("type"), reader.get("type")
    if reads not in (None, writes) and (writes, reads) != ("integer", "number"):
        yield f"{at}: {reads} is expected and {writes or 'anything'} is written"


def _words(writer: Schema, reader: Schema, at: str) -> Iterator[str]:
    known = _closed_set(reader)
    if known is None:
        return
    written = _closed_set(writer)
    if written is None:
        yield f"{at}: only some words can be read, and any is written"
    else:
        yield from (f"{at}: {word!r} cannot be read" for word in written if word not in known)


def _closed_set(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _limits(writer: Schema, reader: Schema, at: str) -> Iterator[str]:
    for keyword in (*_UPPER, *_LOWER):
        if keyword in reader:
            beyond = keyword not in writer or (
                writer[keyword] > reader[keyword] if keyword in _UPPER else writer[keyword] < reader[keyword]
            )
            if beyond:
                yield f"{at}: what is beyond `{keyword}` {reader[keyword]} cannot be read"
    for keyword in _EQUAL:
        if keyword in reader and reader[keyword] != writer.get(keyword):
            yield f"{at}: `{keyword}` is not what it was"
