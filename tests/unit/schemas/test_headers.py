from schemas.headers import cloud_event_headers


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
