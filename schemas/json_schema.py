"""The JSON Schema (draft 2020-12) of each record type, generated from the types."""

from inspect import cleandoc
from typing import Any

import msgspec

from schemas.catalogue import TOPICS
from schemas.control import OverrideCleared, OverrideSet
from schemas.surveys import ReviewPosted

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

# Rules of the types' `__post_init__` that a schema can say.
_ONE_SUBJECT: Schema = {
    "oneOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in ("contact", "account")]
}


def record_types() -> list[type[msgspec.Struct]]:
    """The type of every value on a topic, in the catalogue's order."""
    return list(dict.fromkeys(value for topic in TOPICS.values() for value in topic.values))


def wire_name(record_type: type[msgspec.Struct]) -> str:
    """A record type's name on the wire: its tag, or for an entry of a log, which has none, its class's."""
    tag = record_type.__struct_config__.tag
    return str(tag) if tag is not None else kebab_case(record_type.__name__)


def kebab_case(name: str) -> str:
    """AccountSignal → account-signal."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def components(ref_template: str) -> dict[str, Schema]:
    """The schema of every struct on the wire by its class name, each referring to the others by `ref_template`."""
    _, schemas = msgspec.json.schema_components(record_types(), ref_template=ref_template)
    for named_once in (OverrideSet, OverrideCleared, ReviewPosted):
        schemas[named_once.__name__] |= _ONE_SUBJECT
    return {name: _tidy(schema) for name, schema in sorted(schemas.items())}


def document(record_type: type[msgspec.Struct], schemas: dict[str, Schema]) -> Schema:
    """One type's schema as a document of its own. `schemas` are the components, referred to as `#/$defs/{name}`."""
    schema = schemas[record_type.__name__]
    others = sorted(_referred(schema, schemas, set()))
    definitions = {"$defs": {name: schemas[name] for name in others}} if others else {}
    return {"$schema": DIALECT, "$id": f"urn:heartline:schema:{wire_name(record_type)}", **schema, **definitions}


def _referred(schema: object, schemas: dict[str, Schema], found: set[str]) -> set[str]:
    """Names of all components that a schema refers to, directly or not."""
    if isinstance(schema, dict):
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in found:
            found.add(name)
            _referred(schemas[name], schemas, found)
        for part in schema.values():
            _referred(part, schemas, found)
    elif isinstance(schema, list):
        for part in schema:
            _referred(part, schemas, found)
    return found


def _tidy(schema: Any) -> Any:
    """The same schema with descriptions without indentation, single words as constants, and without OpenAPI's
    `discriminator`, which neither JSON Schema nor AsyncAPI has in that form (each alternative names its type anyway).
    """
    if isinstance(schema, list | tuple):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        name: _tidy(part) for name, part in schema.items() if not (name == "discriminator" and isinstance(part, dict))
    }
    if isinstance(tidy.get("description"), str):
        tidy["description"] = cleandoc(tidy["description"])
    if isinstance(tidy.get("enum"), list) and len(tidy["enum"]) == 1:
        tidy = {"const": tidy.pop("enum")[0], **tidy}
    return tidy
