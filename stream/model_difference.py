"""What is different in one model from another, field by field, in words."""

from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from models.health.accounts.alerts.registry import ACCOUNT_ALERTS
from models.health.accounts.components.members import Members
from models.health.accounts.components.registry import ACCOUNT_COMPONENTS
from models.health.alerts.registry import ALERTS, AlertRule
from models.health.bands import BandEdges
from models.health.components.registry import COMPONENTS
from models.health.document import AccountBlock, Document, SegmentDocument, decode_document


class Difference(NamedTuple):
    """A field that is different; `UNSET` where it is not there (null is a value: of `window_days`, all ever)."""

    path: str
    before: Any
    after: Any

    def told(self) -> dict[str, Any]:
        """As JSON has it: what is not there has no field."""
        return {name: value for name, value in self._asdict().items() if value is not UNSET}

    def __str__(self) -> str:
        if self.before is UNSET:
            return f"{self.path}: new, {_word(self.after)}"
        if self.after is UNSET:
            return f"{self.path}: gone, was {_word(self.before)}"
        return f"{self.path}: {_word(self.before)} → {_word(self.after)}"


def differences(before: bytes, after: bytes) -> list[Difference]:
    """What the second document says otherwise than the first, defaults of fields left out included.

    Raises ModelError for a document that cannot be read.
    """
    one, other = _fields(decode_document(before)), _fields(decode_document(after))
    found = []
    for path in (*one, *(path for path in other if path not in one)):
        said, says = one.get(path, UNSET), other.get(path, UNSET)
        if isinstance(said, dict) and isinstance(says, dict):
            found += [
                Difference(f"{path}.{name}", said.get(name, UNSET), says.get(name, UNSET))
                for name in (*said, *(name for name in says if name not in said))
                if said.get(name, UNSET) != says.get(name, UNSET)
            ]
        elif said != says:
            found.append(Difference(path, said, says))
    return found


def account_differences(before: bytes, after: bytes) -> list[Difference]:
    """Those that change how accounts are scored: by their block, or by the contacts' bands where it has none."""
    block = decode_document(after).account
    blocks = ("account.",) if block is not None and block.bands else ("account.", "bands.")
    return [one for one in differences(before, after) if one.path.startswith(blocks)]


def _fields(document: Document) -> dict[str, Any]:
    """What a document says, by path. Blocks whose fields are compared one by one are dicts."""
    fields: dict[str, Any] = {"version": document.version}
    if document.description is not None:
        fields["description"] = document.description
    for name, parameters in document.components.items():
        fields[f"components.{name}"] = _whole(COMPONENTS.get(name), parameters)
    fields["bands"] = _whole(BandEdges, document.bands)
    for name, kind in ALERTS.items():
        fields[f"alerts.{name}"] = _rule(kind, document.alerts.get(name, {}), document.bands)
    for exception in document.exceptions or ():
        fields[f"exceptions.{exception.name}"] = {
            "when": msgspec.to_builtins(exception.when),
            "cap": exception.cap,
        }
    account = AccountBlock() if document.account is None else document.account
    for name, parameters in {Members.name: {}, **account.components}.items():
        fields[f"account.components.{name}"] = _whole(ACCOUNT_COMPONENTS.get(name), parameters)
    of_accounts = {**document.bands, **account.bands}
    for name, kind in ACCOUNT_ALERTS.items():
        fields[f"account.alerts.{name}"] = _rule(kind, account.alerts.get(name, {}), of_accounts)
    if account.bands:
        fields["account.bands"] = _whole(BandEdges, of_accounts)
    if document.segments:
        fields["segments"] = ", ".join(segment.name for segment in document.segments)
    for segment in document.segments:
        fields[f"segments.{segment.name}"] = _overridden(segment)
    return fields


def _overridden(segment: SegmentDocument) -> dict[str, Any]:
    """What a segment says itself, by path within it."""
    own = msgspec.to_builtins(segment)
    fields: dict[str, Any] = {"when": own["when"]}
    for block in ("components", "bands", "alerts"):
        fields |= {f"{block}.{name}": value for name, value in own[block].items()}
    return fields if segment.exceptions is None else fields | {"exceptions": own["exceptions"]}


def _whole(kind: type[msgspec.Struct] | None, parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters with the defaults of those that are left out."""
    return parameters if kind is None else msgspec.to_builtins(msgspec.convert(parameters, kind))


def _rule(kind: type[AlertRule], parameters: dict[str, Any], bands: dict[str, Any]) -> dict[str, Any]:
    """The same of a kind of alert, whose defaults may go by the bands."""
    fields: dict[str, Any] = msgspec.to_builtins(
        msgspec.convert(parameters, kind).in_bands(msgspec.convert(bands, BandEdges))
    )
    return fields


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_word(one)}" for name, one in value.items()) or "nothing"
    if isinstance(value, (list, tuple)):
        return " and ".join(map(_word, value)) or "none"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
