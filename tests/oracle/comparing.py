"""Whether the records of a contact are what the oracle says, field by field; floats to 1e-9."""

from datetime import datetime
from fractions import Fraction
from typing import Any

from schemas.event_ids import event_id
from schemas.scores import AlertRaised, BandChanged, ContactForgotten, ScoreClosed, ScoreUpdated
from tests.oracle.alerts import Alert
from tests.oracle.contact import BandChange, Published, Receipt
from tests.oracle.facts import milliseconds
from tests.oracle.scoring import Close

TOLERANCE = 1e-9


def score_as_told(record: ScoreUpdated) -> dict[str, Any]:
    """A score record, in the form of `score_as_expected`."""
    told = {
        name: getattr(record, name)
        for name in (
            "seq", "model", "segment", "capped_by",
            "score", "score_raw", "band", "computed_band", "trend", "coverage", "confidence", "facts",
            "previous_score", "score_if_silent", "account", "csm", "team", "division",
        )
    }  # fmt: skip
    for name in ("at", "last_activity_at", "next_decay_at"):
        told[name] = _time(getattr(record, name))
    for name, component in record.components.items():
        told[f"{name}.value"] = component.value
        told[f"{name}.weight"] = component.weight
        told[f"{name}.points"] = component.points
        told[f"{name}.observations"] = component.observations
        told[f"{name}.last_at"] = _time(component.last_at)
    word = record.override
    told["override"] = (
        None if word is None else (word.author, word.reason, milliseconds(word.set_at), _time(word.expires_at))
    )
    told["cause"] = (record.cause.type, record.cause.id)
    told["total"] = record.change.total
    told |= {f"by_decay.{name}": points for name, points in record.change.by_decay.items()}
    told |= {f"by_signal.{name}": points for name, points in record.change.by_signal.items()}
    return told


def score_as_expected(published: Published) -> dict[str, Any]:
    """What the oracle says of a score record."""
    said = published.said
    expected: dict[str, Any] = {name: value for name, value in vars(said).items() if name != "components"}
    for name, component in said.components.items():
        expected |= {f"{name}.{part}": value for part, value in vars(component).items()}
    expected["seq"], expected["at"], expected["cause"] = published.seq, published.at, published.cause
    expected["previous_score"], expected["total"] = published.previous_score, published.total
    expected |= {f"by_decay.{name}": points for name, points in published.by_decay.items()}
    expected |= {f"by_signal.{name}": points for name, points in published.by_signal.items()}
    return expected


def band_as_told(record: BandChanged) -> dict[str, Any]:
    """A band change, in the form of `vars(BandChange)`."""
    return {
        "seq": record.seq,
        "at": _time(record.at),
        "from_band": record.from_band,
        "to_band": record.to_band,
        "direction": record.direction,
    }


def band_as_expected(change: BandChange) -> dict[str, Any]:
    """What the oracle says of a band change."""
    return dict(vars(change))


def close_as_told(record: ScoreClosed) -> dict[str, Any]:
    """A close, in the form of `close_as_expected`."""
    told: dict[str, Any] = {"day": record.day.isoformat(), "at": _time(record.at)}
    told |= {"score": record.score, "score_raw": record.score_raw, "band": record.band}
    return told | {f"points.{name}": points for name, points in record.points.items()}


def close_as_expected(close: Close) -> dict[str, Any]:
    """What the oracle says of a close."""
    expected = {name: value for name, value in vars(close).items() if name != "points"}
    return expected | {f"points.{name}": points for name, points in close.points.items()}


def alert_as_told(record: AlertRaised) -> dict[str, Any]:
    """An alert, in the form of `vars(Alert)`."""
    told: dict[str, Any] = {name: getattr(record, name) for name in Alert.__dataclass_fields__}
    return told | {"at": milliseconds(record.at), "since": _time(record.since)}


def alert_as_expected(alert: Alert) -> dict[str, Any]:
    """What the oracle says of an alert."""
    return dict(vars(alert))


def receipt_as_told(record: ContactForgotten) -> dict[str, Any]:
    """A receipt, in the form of `vars(Receipt)`, with its id."""
    told = {"event_id": record.event_id, "seq": record.seq, "at": _time(record.at)}
    return told | {"erased_at": _time(record.erased_at), "names": record.known_as}


def receipt_as_expected(tenant: str, contact: str, receipt: Receipt) -> dict[str, Any]:
    """What the oracle says of a receipt."""
    return {"event_id": event_id(tenant, contact, "forgotten", str(receipt.erased_at)), **vars(receipt)}


def in_order(alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Alerts by time; those of one time have no order of their own."""
    return sorted(alerts, key=lambda alert: (alert["at"], alert["kind"], alert["event_id"]))


def differences(told: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[str]:
    """What differs between the records that went out and those that had to, one line for each field."""
    found = [
        f"record {number}: {name} is {one.get(name)!r}, not {_shown(other.get(name))}"
        for number, (one, other) in enumerate(zip(told, expected, strict=False))
        for name in sorted(one.keys() | other.keys())
        if not _same(one.get(name), other.get(name))
    ]
    if len(told) != len(expected):
        found.append(f"{len(told)} records, not {len(expected)}")
    return found


def _same(told: Any, expected: Any) -> bool:
    if isinstance(told, float) or isinstance(expected, Fraction):
        return abs(float(told or 0) - float(expected or 0)) <= TOLERANCE
    return bool(told == expected)


def _shown(value: Any) -> str:
    return str(float(value)) if isinstance(value, Fraction) else repr(value)


def _time(time: datetime | None) -> int | None:
    return None if time is None else milliseconds(time)
