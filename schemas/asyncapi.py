"""The AsyncAPI 3 document of all topics, generated from the catalogue and the types."""

from typing import Any, get_args

import msgspec

from schemas.base import SUBJECT_PATTERN, TENANT_PATTERN
from schemas.catalogue import TOPICS, KeyKind, Topic
from schemas.door import Reason
from schemas.headers import (
    CE_ID,
    CE_SOURCE,
    CE_SPECVERSION,
    CE_TIME,
    CE_TYPE,
    CONTENT_TYPE,
    DEAD_LETTER_CUT_FROM,
    DEAD_LETTER_DETAIL,
    DEAD_LETTER_OFFSET,
    DEAD_LETTER_PARTITION,
    DEAD_LETTER_REASON,
    DEAD_LETTER_TOPIC,
)
from schemas.json_schema import Schema, components, record_types, wire_name

WIRE_VERSION = "1.0.0"
KAFKA_BINDING = "0.5.0"
DEAD_LETTER = "DeadLetter"

_TENANT = TENANT_PATTERN.strip("^$").replace("{1,63}", "+")
_REST = SUBJECT_PATTERN.strip("^$").replace("{1,128}", "+")
KEYS: dict[KeyKind, Schema] = {
    "source": {"description": "Whatever the source chose: it is not read."},
    "contact": {
        "type": "string",
        "pattern": f"^{_TENANT}/{_REST}$",
        "description": "tenant/contact, split at the first /",
    },
    "account": {
        "type": "string",
        "pattern": f"^{_TENANT}/{_REST}$",
        "description": "tenant/account, split at the first /",
    },
    "portfolio": {"type": "string", "pattern": f"^{_TENANT}/[a-z]+/{_REST}$", "description": "tenant/kind/id"},
    "subject": {"type": "string", "pattern": f"^{_TENANT}/[a-z]+/{_REST}$", "description": "tenant/kind/id"},
}
_ACTIONS = {"input": ("receive",), "log": ("send", "receive"), "output": ("send",), "internal": ("send",)}


def asyncapi() -> dict[str, Any]:
    """The document, seen from Heartline: it receives inputs and sends outputs."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Heartline",
            "version": WIRE_VERSION,
            "description": "Customer health scores in real time, from the events of a helpdesk, on Apache Kafka.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(topic) for name, topic in TOPICS.items()},
        "operations": dict(_operation(action, topic) for topic in TOPICS.values() for action in _ACTIONS[topic.role]),
        "components": {
            "messages": {**dict(map(_message, record_types())), DEAD_LETTER: _dead_letter()},
            "schemas": components("#/components/schemas/{name}"),
        },
    }


def _message_names(topic: Topic) -> list[str]:
    return [value.__name__ for value in topic.values] or [DEAD_LETTER]


def _channel(topic: Topic) -> Schema:
    settings: Schema = {"cleanup.policy": [topic.cleanup]}
    if topic.cleanup == "delete":
        settings["retention.ms"] = -1 if topic.retention_ms is None else topic.retention_ms
    if topic.unlimited:
        settings["retention.bytes"] = -1
    if topic.max_message_bytes is not None:
        settings["max.message.bytes"] = topic.max_message_bytes
    partitions = {} if topic.partitions is None else {"partitions": topic.partitions}
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                **partitions,
                "topicConfiguration": settings,
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _operation(action: str, topic: Topic) -> tuple[str, Schema]:
    channel = f"#/channels/{topic.name}"
    return f"{action}.{topic.name}", {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in _message_names(topic)],
    }


def _message(record_type: type[msgspec.Struct]) -> tuple[str, Schema]:
    name = record_type.__name__
    topic = next(topic for topic in TOPICS.values() if record_type in topic.values)
    headers = {"headers": _cloud_event(record_type)} if topic.role == "output" else {}
    return name, {
        "name": wire_name(record_type),
        "title": name,
        "contentType": "application/json",
        **headers,
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {"kafka": {"key": KEYS[topic.key], "bindingVersion": KAFKA_BINDING}},
    }


def _cloud_event(record_type: type[msgspec.Struct]) -> Schema:
    properties: Schema = {
        CE_SPECVERSION: {"type": "string", "const": "1.0"},
        CE_ID: {"type": "string", "description": "Equal under redelivery: the record's event_id"},
        CE_TYPE: {"type": "string", "const": wire_name(record_type)},
        CE_SOURCE: {"type": "string", "format": "uri-reference", "description": "/heartline/ and the tenant"},
        CE_TIME: {"type": "string", "format": "date-time", "description": "Log time"},
        CONTENT_TYPE: {"type": "string", "const": "application/json"},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _dead_letter() -> Schema:
    digits = {"type": "string", "pattern": "^[0-9]+$"}
    properties: Schema = {
        DEAD_LETTER_REASON: {"type": "string", "enum": list(get_args(Reason))},
        DEAD_LETTER_DETAIL: {"type": "string", "description": "For people: fields and rules, no content"},
        DEAD_LETTER_TOPIC: {"type": "string"},
        DEAD_LETTER_PARTITION: digits,
        DEAD_LETTER_OFFSET: digits,
    }
    cut_from = {
        **digits,
        "description": "Only if the letter is not whole: bytes of key, value and headers of its record",
    }
    return {
        "name": "dead-letter",
        "title": "Dead letter",
        "summary": "A refused record: key, value and headers as they came, with these headers besides.",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "properties": {**properties, DEAD_LETTER_CUT_FROM: cut_from},
            "required": list(properties),
        },
        "payload": {"description": "The bytes of the refused record"},
        "bindings": {"kafka": {"key": KEYS["source"], "bindingVersion": KAFKA_BINDING}},
    }
