import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.keys import account_key, contact_key, murmur2, partition_for, split_key, subject_key

# org.apache.kafka.common.utils.UtilsTest.testMurmur2
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
# librdkafka's unittest_murmur2 (src/rdmurmur2.c)
LIBRDKAFKA = {
    b"kafka": 0xD067CF64,
    b"giberish123456789": 0x8F552B0C,
    b"1234": 0x9FC97B14,
    b"234": 0xE7C009CA,
    b"34": 0x873930DA,
    b"4": 0x5A4B5CA1,
    b"": 0x106E08D9,
}


@pytest.mark.parametrize(("data", "signed"), JAVA.items())
def test_murmur2_gives_what_javas_client_gives(data: bytes, signed: int) -> None:
    assert murmur2(data) == signed & 0xFFFFFFFF


@pytest.mark.parametrize(("data", "unsigned"), LIBRDKAFKA.items())
def test_murmur2_gives_what_librdkafka_gives(data: bytes, unsigned: int) -> None:
    assert murmur2(data) == unsigned


def test_a_negative_hash_is_made_positive_by_dropping_its_sign_bit() -> None:
    assert partition_for(b"foobar", 7) == (-790332482 & 0x7FFFFFFF) % 7


def test_librdkafka_puts_each_key_into_the_partition_that_we_compute() -> None:
    from confluent_kafka import Message, Producer

    producer = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "partitioner": "murmur2_random"})
    keys = [contact_key("acme", f"contact-{number}") for number in range(300)] + [
        b"",
        b"\xff\x00\x80",
        "acme/é".encode(),
    ]
    chosen: dict[bytes, int] = {}

    def on_delivery(error: object, message: Message) -> None:
        assert error is None
        chosen[message.key() or b""] = message.partition() or 0

    for key in keys:
        producer.produce("keys", value=b"", key=key, on_delivery=on_delivery)
    assert producer.flush(20) == 0
    partitions = 4  # the mock cluster's own number
    assert chosen == {key: partition_for(key, partitions) for key in keys}
    assert set(chosen.values()) == set(range(partitions))


@given(st.binary(max_size=64), st.integers(1, 1000))
def test_a_partition_is_within_its_topic(key: bytes, partitions: int) -> None:
    assert 0 <= partition_for(key, partitions) < partitions


@given(st.from_regex(r"[a-z0-9-]{1,63}", fullmatch=True), st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_key_splits_into_what_it_was_made_of(tenant: str, contact: str) -> None:
    assert split_key(contact_key(tenant, contact)) == (tenant, contact)


def test_a_key_is_split_at_its_first_slash() -> None:
    assert split_key(b"acme/crm/42") == ("acme", "crm/42")
    assert account_key("acme", "crm/42") == b"acme/crm/42"


def test_a_contact_and_an_account_of_one_id_have_two_subject_keys() -> None:
    assert subject_key("acme", "contact", "42") == b"acme/contact/42"
    assert subject_key("acme", "account", "42") == b"acme/account/42"


def test_a_key_without_a_slash_is_refused() -> None:
    with pytest.raises(ValueError, match="no '/'"):
        split_key(b"acme")
