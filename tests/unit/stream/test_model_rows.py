"""Documents of models lie in rows of their own: the control row stays small whatever is published."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from models.health.document import MAX_BYTES
from models.health.model import document_digest
from schemas.base import to_milliseconds
from schemas.catalogue import HEALTH_SCORES, HEALTH_SIGNALS
from schemas.control import ModelPublished
from schemas.decoding import encode
from schemas.signals import Signal
from stream.errors import StateError
from stream.model_rows import BEHIND, PREFIX, ModelRow, ModelRows
from stream.scoring import RowCodec
from stream.table import CONTROL_KEY
from tests.unit.stream.fakes import FakeState
from tests.unit.stream.test_scoring import Stage, nps, score_of

MAX_RECORD = 1_000_000
"""What librdkafka and the brokers take unless told otherwise."""


def document(version: str, size: int = 0, **more: Any) -> bytes:
    """A document of about this size: segments that nobody is in."""
    plain = {"version": version, "components": {"nps": {"weight": 1}}, **more}
    filled = {"attributes": {f"{version}{n}": ["x" * 256] * 30 for n in range(32)}}
    count = 0 if not size else size // len(msgspec.json.encode(filled))
    segments = [{"name": f"s{n}", "when": {"role": f"r{n}", **filled}} for n in range(count)]
    return msgspec.json.encode({**plain, "segments": segments} if segments else plain)


def published(tenant: str, model: bytes, day: int = 1) -> Signal:
    at = datetime(2026, 3, day, 13, tzinfo=UTC)
    fact = ModelPublished(
        event_id="m", occurred_at=at, tenant=tenant, version="v", model=msgspec.Raw(model), author="admin"
    )
    return Signal(at=to_milliseconds(at), fact=fact)


def models(stage: Stage) -> list[bytes]:
    return sorted(key for key in stage.plane.states[0].stored if key.startswith(PREFIX))


def test_the_models_of_500_tenants_fit_into_records() -> None:
    stage = Stage()
    largest = document("v", MAX_BYTES)
    assert MAX_BYTES * 0.9 < len(largest) <= MAX_BYTES
    stage.fold(*(published(f"{'t' * 58}{n:05}", largest) for n in range(500)), key=None)
    rows = stage.plane.states[0].stored
    assert len(models(stage)) == 500
    assert max(map(len, rows.values())) == len(largest) + 2 < MAX_RECORD / 3
    assert len(rows[CONTROL_KEY]) < 120_000, "pending entries included"
    stage.sweep()
    assert len(rows[CONTROL_KEY]) < 60_000


def test_a_model_survives_the_restart_of_a_worker_in_its_row() -> None:
    stage = Stage()
    own = document("ours", bands={"champion": 95})
    stage.fold(published("acme", own), key=None)
    again = Stage()
    again.plane.states[0] = FakeState(RowCodec())
    again.plane.states[0].stored = dict(stage.plane.states[0].stored)
    score = score_of(again.fold(nps(9), offset=1))
    assert (score.model, score.band) == ("ours", "healthy")


def test_a_superseded_document_is_dropped_after_the_sweep_and_not_before() -> None:
    stage = Stage()
    stage.fold(nps(9))
    stage.fold(published("acme", document("1")), key=None)
    stage.fold(published("acme", document("2")), key=None)
    assert len(models(stage)) == 2
    assert [one.topic for one in stage.sweep()].count(HEALTH_SCORES) == 2
    assert models(stage) == [PREFIX + b"acme\x00" + document_digest(document("2"))]


def test_a_document_that_comes_back_is_kept() -> None:
    stage = Stage()
    for day, version in enumerate(("1", "2", "1"), 1):
        stage.fold(published("acme", document(version), day), key=None)
    stage.sweep()
    assert models(stage) == [PREFIX + b"acme\x00" + document_digest(document("1"))]
    assert score_of(stage.fold(nps(9))).model == "1"


def test_a_sweep_sees_contacts_only() -> None:
    stage = Stage()
    stage.fold(published("acme", document("1", 50_000)), key=None)
    assert CONTROL_KEY < models(stage)[0] < BEHIND < b"-/c"
    assert stage.sweep() == []


def test_a_model_that_this_version_cannot_read_is_put_aside_not_folded() -> None:
    stage = Stage()
    newer = b'{"version":"9","components":{"telepathy":{}}}'
    (letter,) = stage.fold(published("acme", newer), key=None)
    assert letter.topic == f"{HEALTH_SIGNALS}-dlq"
    assert b"components.telepathy: there is no such component" in (letter.headers["heartline_detail"] or b"")
    assert score_of(stage.fold(nps(9))).model == "default"


def test_a_table_that_lost_a_document_is_not_scored_by_another() -> None:
    rows: Any = FakeState(RowCodec())
    with pytest.raises(StateError, match="state reset --everywhere"):
        ModelRows(rows).get("acme", b"digest")


def test_documents_are_stored_as_they_are() -> None:
    codec = RowCodec()
    assert codec.decode(codec.encode(ModelRow(b"{}"))) == ModelRow(b"{}")


def test_the_largest_document_fits_through_every_topic_on_its_way() -> None:
    signal = encode(published("acme", document("v", MAX_BYTES)))
    assert len(signal) < MAX_RECORD
