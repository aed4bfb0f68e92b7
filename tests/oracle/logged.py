"""What the logs and the profiles must hold of an input's record, word for word.

Worked out from the JSON that was sent and the published schemas alone: which fields there are, and what one means that
is left out. Of a message it is how it reads, and never its text; names go to the profiles and nowhere else.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from models.sentiment.vader import VaderClassifier
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_PROFILES, HEALTH_SIGNALS

Json = dict[str, Any]
Reads = Callable[[str], Json]
"""What a classifier makes of a text: `label`, `confidence`, … as the log has them."""

SCHEMAS = Path(__file__).parents[2] / "schemas" / "json"
PROFILES = ("contact.updated", "account.updated")
DROPPED = {"contact.updated": ["name"], "account.updated": ["name"], "sentiment.corrected": ["text"]}
NOT_READ: Json = {"label": None, "confidence": None, "tones": [], "unclassified_because": None, "classifier": None}
NOT_LOGGED = ("tenant.registered", "history.started", "history.finished")


class Kept(NamedTuple):
    """What a topic must hold: its key (None: in every partition), and the record's fact (None: a tombstone)."""

    topic: str
    key: str | None
    fact: Json | None


def kept_of(value: bytes, reads: Reads) -> Iterator[Kept]:
    """What is kept of an input's record."""
    event = whole(json.loads(value), ours=False)
    kind, tenant, contact, account = event["type"], event["tenant"], event.get("contact"), event.get("account")
    if kind in PROFILES:
        of, subject = ("contact", contact) if kind == "contact.updated" else ("account", account)
        about = {name: event[name] for name in ("event_id", "occurred_at", "tenant", "name")}
        profile = {"type": "profile.changed", "contact": None, "account": None, **about, of: subject}
        yield Kept(HEALTH_PROFILES, f"{tenant}/{of}/{subject}", profile)
    if kind == "contact.erased":
        yield Kept(HEALTH_PROFILES, f"{tenant}/contact/{contact}", None)
    if kind in NOT_LOGGED:
        return
    fact = read(event, reads) if kind == "message.created" else event | dict.fromkeys(DROPPED.get(kind, ()))
    if kind == "model.published":
        yield Kept(HEALTH_SIGNALS, None, fact)
        yield Kept(HEALTH_ACCOUNT_SIGNALS, None, fact)
    elif kind == "account.updated" or contact is None:
        yield Kept(HEALTH_ACCOUNT_SIGNALS, f"{tenant}/{account}", fact)
    else:
        yield Kept(HEALTH_SIGNALS, f"{tenant}/{contact}", fact)
    if kind == "ticket.updated" and event["previous_contact"] not in (None, contact):
        yield Kept(HEALTH_SIGNALS, f"{tenant}/{event['previous_contact']}", fact)


def read(message: Json, reads: Reads) -> Json:
    """A message as the log has it: of a customer's, how it reads."""
    facts = {name: value for name, value in message.items() if name != "text"}
    reading = reads(message["text"]) if message["author"] == "customer" else {}
    return facts | NOT_READ | reading | {"type": "message.classified"}


@cache
def by_vader(text: str) -> Json:
    """How VADER reads a text."""
    reading = vader().classify([text])[0]
    return {
        "label": reading.label,
        "confidence": reading.confidence,
        "unclassified_because": reading.reason,
        "classifier": f"vader {VaderClassifier.version}",
    }


@cache
def vader() -> VaderClassifier:
    """It is loaded when it is asked for."""
    return VaderClassifier()


def whole(record: Json, *, ours: bool = True) -> Json:
    """A record with all of its type's fields and its times in UTC. A field that its type does not have is left out of
    an input's; `ours` must have none, so it stays and is a difference.
    """
    fields = fields_of()[record["type"]]
    told = {name: record.get(name, default) for name, (default, _) in fields.items()}
    told |= {name: _in_utc(told[name]) for name, (_, is_time) in fields.items() if is_time and told[name] is not None}
    return record | told if ours else told


def _in_utc(time: str) -> str:
    return datetime.fromisoformat(time).astimezone(UTC).isoformat()


@cache
def fields_of() -> dict[str, dict[str, tuple[Any, bool]]]:
    """The fields of each type by its name: what one means that is left out, and whether it is a time."""
    schemas: list[Json] = [json.loads(file.read_bytes()) for file in SCHEMAS.glob("*.json")]
    schemas += [each for schema in list(schemas) for each in schema.get("$defs", {}).values()]
    typed = [each["properties"] for each in schemas if "const" in each.get("properties", {}).get("type", {})]
    return {
        fields["type"]["const"]: {name: (field.get("default"), _is_time(field)) for name, field in fields.items()}
        for fields in typed
    }


def _is_time(field: Json) -> bool:
    return any(one.get("format") == "date-time" for one in (field, *field.get("anyOf", ())))
