import pytest

from schemas.base import from_milliseconds
from schemas.headers import cloud_event_headers, output_headers
from schemas.scores import BandChanged, Cause


def test_an_output_carries_the_five_cloudevents_attributes_and_its_content_type() -> None:
    headers = cloud_event_headers("id-1", "score.updated", "acme", 1_577_836_800_123)
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"id-1",
        "ce_type": b"score.updated",
        "ce_source": b"/heartline/acme",
        "ce_time": b"2020-01-01T00:00:00.123Z",
        "content-type": b"application/json",
    }


def test_each_record_has_a_list_of_its_own() -> None:
    first, second = (cloud_event_headers("id-1", "score.updated", "acme", 0) for _ in range(2))
    first.append(("trace", b"1"))
    assert len(second) == 6


@pytest.mark.parametrize("at", [0, 999, 1_577_836_800_000, 1_577_836_800_123, 1_577_836_800_120, 4_102_444_799_999])
def test_an_output_record_has_the_same_headers_by_itself(at: int) -> None:
    time = from_milliseconds(at)
    record = BandChanged(
        event_id="id-1",
        seq=1,
        tenant="acme",
        at=time,
        contact="ann",
        direction="initial",
        to_band="healthy",
        score=70,
        cause=Cause(type="recompute"),
    )
    headers = output_headers(record)
    assert headers == cloud_event_headers("id-1", "band.changed", "acme", at)
    assert dict(headers)["ce_time"] == time.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
