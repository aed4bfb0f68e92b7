"""The types of a model's document as pydantic forms: they tell all that is wrong at once, and have a JSON Schema.

They are made of the msgspec types by which the log is read, field by field: nothing is described twice.
"""

from collections.abc import Mapping
from functools import cache
from inspect import getdoc
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from models.health.accounts.alerts.registry import ACCOUNT_ALERTS
from models.health.accounts.components.registry import ACCOUNT_COMPONENTS
from models.health.alerts.registry import ALERTS
from models.health.bands import BandEdges
from models.health.components.registry import COMPONENTS
from models.health.document import AccountBlock, Document, SegmentDocument

_LIMITS = ("ge", "gt", "le", "lt", "pattern", "min_length", "max_length")


class Form(BaseModel):
    """What all forms have in common."""

    model_config = ConfigDict(extra="forbid", strict=True)


@cache
def model_form() -> type[Form]:
    """The form of a whole document."""
    segment = _form(SegmentDocument, partial=False, **_blocks(partial=True))
    account = _form(
        AccountBlock,
        partial=False,
        components=_named("AccountComponents", ACCOUNT_COMPONENTS, partial=False),
        bands=_form(BandEdges, partial=True),
        alerts=_named("AccountAlerts", ACCOUNT_ALERTS, partial=False),
    )
    more: dict[str, Any] = {"segments": list[segment], "account": account | None}  # type: ignore[valid-type]
    return _form(Document, partial=False, **_blocks(partial=False), **more)


def json_schema() -> dict[str, Any]:
    """JSON Schema of a document, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model_form().model_json_schema(),
        "title": "Health model",
    }


def _blocks(*, partial: bool) -> dict[str, Any]:
    """The forms of what is kept as plain parameters in the document. A segment has only parts of them (`partial`),
    which are judged together with the base's.
    """
    return {
        "components": _named("Components", COMPONENTS, partial=partial),
        "bands": _form(BandEdges, partial=partial),
        "alerts": _named("Alerts", ALERTS, partial=partial),
    }


def _named(name: str, kinds: Mapping[str, type[msgspec.Struct]], *, partial: bool) -> type[Form]:
    fields: dict[str, Any] = {
        field: (_form(kind, partial=partial), Field(default_factory=dict)) for field, kind in kinds.items()
    }
    return create_model(_title(name, partial), __base__=Form, **fields)


def _title(name: str, partial: bool) -> str:
    return f"{name}Part" if partial else name


def _form(kind: type[msgspec.Struct], *, partial: bool, **other: Any) -> type[Form]:
    """The form of a type; `other` are fields whose forms say more than their types."""
    hints = get_type_hints(kind, include_extras=True)
    fields: dict[str, Any] = {
        field.name: (other.get(field.name, _translated(hints[field.name])), _default(field))
        for field in msgspec.structs.fields(kind)
        if field.name not in getattr(kind, "idle", ())
    }
    validators: dict[str, Any] = {}
    if hasattr(kind, "__post_init__") and not partial:
        validators["whole"] = model_validator(mode="after")(_check_of(kind))
    described = (getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
    name = _title(kind.__name__, partial)
    return create_model(name, __base__=Form, __doc__=described, __validators__=validators, **fields)


def _check_of(kind: type[msgspec.Struct]) -> Any:
    def check(form: Form) -> Form:
        try:
            msgspec.convert(form.model_dump(exclude_unset=True), kind)
        except msgspec.ValidationError as error:
            raise ValueError(str(error).partition(" - at ")[0]) from error
        return form

    return check


def _default(field: "msgspec.structs.FieldInfo") -> Any:
    if field.required:
        return ...
    if field.default_factory is not msgspec.NODEFAULT:
        return Field(default_factory=field.default_factory)
    return field.default


def _translated(hint: Any) -> Any:
    """A type of msgspec as one of pydantic."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        inner = _translated(arguments[0])
        for meta in arguments[1:]:
            limits = {name: value for name in _LIMITS if (value := getattr(meta, name, None)) is not None}
            inner = Annotated[inner, Field(**limits)]
        return inner
    if origin in (Union, UnionType):
        return Union[tuple(map(_translated, arguments))]  # noqa: UP007  made of a list
    if origin in (list, tuple, dict):
        return origin[tuple(argument if argument is ... else _translated(argument) for argument in arguments)]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _form(hint, partial=False)
    return hint
