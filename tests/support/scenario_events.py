"""The lines under `events` of a scenario, as events of the wire.

A line has `at`, one key that says what happened (`FORMS`), and fields of that event by their names on the wire.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from models.health.model import published_model
from schemas.base import Event, Mode, UtcTime, from_milliseconds
from schemas.control import (
    ContactErased,
    ContactMerged,
    ContactRestored,
    ModelPublished,
    OverrideCleared,
    OverrideSet,
    SentimentCorrected,
)
from schemas.messages import MessageClassified
from schemas.profiles import AccountUpdated, ContactUpdated
from schemas.surveys import ReviewPosted, SurveyAnswered
from schemas.tickets import TicketClosed, TicketOpened, TicketReopened, TicketReplied, TicketSolved, TicketUpdated
from tests.support.scenario_times import moment, span

CUSTOMER = "customer"
"""The contact of a line that names none."""

Fields = dict[str, Any]
_RENAMED = {"from": "author", "message_id": "message"}
_COMMON = {"at", "heard", "imported", "id", "times", "every"}


class Happening(NamedTuple):
    """An event and when it was logged (UTC milliseconds)."""

    at: int
    event: Event
    mode: Mode


class Form(NamedTuple):
    """What a key means: a type, and how its value becomes fields of it."""

    type: type[Event]
    fields: Callable[[Any], Fields]


def _named(name: str, **more: Any) -> Callable[[Any], Fields]:
    return lambda value: {name: value, **more}


def _answer(kind: str, low: int, high: int) -> Callable[[Any], Fields]:
    return lambda value: {"kind": kind, "value": value, "scale_min": low, "scale_max": high}


def _thumbs(value: Any) -> Fields:
    if value not in ("up", "down"):
        raise ValueError(f"thumbs are up or down, not {value!r}")
    return {"kind": "thumbs", "value": int(value == "up"), "scale_min": 0, "scale_max": 1}


def _message(value: Any) -> Fields:
    return {"label": None if value == "unclassified" else value}


def _model(value: Any) -> Fields:
    document = {"version": "of the scenario", **_mapping(value)}
    return {"version": document["version"], "author": "author-1", "model": msgspec.Raw(msgspec.json.encode(document))}


def _mapping(value: Any) -> Fields:
    if not isinstance(value, dict):
        raise ValueError(f"a block of fields is needed, not {value!r}")
    return value


FORMS: dict[str, Form] = {
    "message": Form(MessageClassified, _message),
    "corrected": Form(SentimentCorrected, _named("message", author="author-1")),
    "nps": Form(SurveyAnswered, _answer("nps", 0, 10)),
    "csat": Form(SurveyAnswered, _answer("csat", 1, 5)),
    "star": Form(SurveyAnswered, _answer("star", 1, 5)),
    "ces": Form(SurveyAnswered, _answer("ces", 1, 7)),
    "thumbs": Form(SurveyAnswered, _thumbs),
    "review": Form(ReviewPosted, _named("value", scale_min=1, scale_max=5)),
    "opened": Form(TicketOpened, _named("ticket")),
    "updated": Form(TicketUpdated, _named("ticket")),
    "replied": Form(TicketReplied, _named("ticket")),
    "solved": Form(TicketSolved, _named("ticket")),
    "reopened": Form(TicketReopened, _named("ticket")),
    "closed": Form(TicketClosed, _named("ticket")),
    "profile": Form(ContactUpdated, _mapping),
    "company": Form(AccountUpdated, _named("account")),
    "override": Form(OverrideSet, _named("band", author="author-1", reason="As agreed")),
    "cleared": Form(OverrideCleared, _named("author")),
    "erased": Form(ContactErased, _named("contact")),
    "restored": Form(ContactRestored, _named("contact")),
    "merged": Form(ContactMerged, _named("contact")),
    "model": Form(ModelPublished, _model),
}


def happenings(line: Any, number: int, tenant: str, start: int) -> Iterator[Happening]:
    """What a line says: one event, or with `times` and `every` several, in whose words `{n}` is their number.

    `start` is the beginning of day 0 (UTC milliseconds). Raises ValueError.
    """
    line = _mapping(line)
    what = [key for key in line if key in FORMS]
    if len(what) != 1:
        raise ValueError(f"a line says one thing that happened (one of {', '.join(FORMS)}), not {len(what)}: {line}")
    if ("times" in line) != ("every" in line):
        raise ValueError("`times` and `every` go together")
    for turn in range(line.get("times", 1)):
        later = turn * span(line["every"]) if turn else 0
        words = {key: _numbered(value, turn) for key, value in line.items()}
        occurred = start + moment(line.get("at")) + later
        heard = start + moment(line["heard"]) + later if "heard" in line else occurred
        if heard < occurred:
            raise ValueError("`heard` is before `at`")
        event = _event(what[0], words, occurred, start, f"{tenant}-{number}-{turn}", tenant)
        yield Happening(heard, event, "import" if line.get("imported") else "live")


def _numbered(value: Any, turn: int) -> Any:
    return value.replace("{n}", str(turn)) if isinstance(value, str) else value


def _event(what: str, line: Fields, occurred: int, start: int, own_id: str, tenant: str) -> Event:
    form = FORMS[what]
    fields = form.fields(line[what])
    fields |= _renamed({key: value for key, value in line.items() if key not in _COMMON and key != what})
    known = form.type.__struct_fields__
    if unknown := fields.keys() - set(known):
        raise ValueError(f"`{what}` has no {', '.join(sorted(unknown))}; it has: {', '.join(known)}")
    if "contact" in known and "contact" not in fields and "account" not in line:
        fields["contact"] = CUSTOMER
    if form.type is MessageClassified:
        fields = {"message": f"message-{own_id}", "author": CUSTOMER, **fields}
    if form.type is ReviewPosted:
        fields.setdefault("site", "a-site")
    times = {field.name for field in msgspec.structs.fields(form.type) if UtcTime in _options(field.type)}
    for name in times & fields.keys():
        fields[name] = from_milliseconds(start + moment(fields[name]))
    fields |= {"event_id": line.get("id", own_id), "occurred_at": from_milliseconds(occurred), "tenant": tenant}
    if form.type is ModelPublished:
        event = ModelPublished(**fields)
        published_model(event)
        return event
    try:
        return msgspec.convert(fields, form.type)
    except msgspec.ValidationError as error:
        raise ValueError(f"`{what}`: {error}") from error


def _options(kind: Any) -> tuple[Any, ...]:
    return (kind, *getattr(kind, "__args__", ()))


def _renamed(fields: Fields) -> Fields:
    """`from` is the author, `message_id` the message; `scale` is both its ends."""
    renamed = {_RENAMED.get(key, key): value for key, value in fields.items() if key != "scale"}
    if "scale" in fields:
        renamed["scale_min"], renamed["scale_max"] = fields["scale"]
    return renamed
