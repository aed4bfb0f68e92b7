"""Dead letters on a real broker: large ones, and those that go back to where they came from."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from random import Random

import pytest
from confluent_kafka import Producer

from schemas.catalogue import (
    DEAD_LETTER_MAX_BYTES,
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_SIGNALS,
    SUPPORT_MESSAGES,
    SUPPORT_SURVEYS,
    dead_letters_of,
)
from schemas.decoding import DecodeFailure
from stream.dead_letters import WHOLE_BYTES, cut_from, dead_letter, original_headers, position
from tests.oracle.real_data import ROOT
from tests.support.heartline import Heartline, wait_until
from tests.support.kafka import KafkaBroker

BLOCK = base64.b64encode(Random(1).randbytes(400_000))
"""What zstd finds again however often it comes, and lz4, which looks back 64 KiB, does not."""
WHY = DecodeFailure("invalid", "a test says so")


@pytest.fixture(scope="module")
def heartline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heartline]:
    """The topics of one test are not those of another."""
    with KafkaBroker() as broker:
        heartline = Heartline(broker, tmp_path_factory.mktemp("heartline"), HEARTLINE_DEAD_LETTER_LIMIT="1")
        heartline.create_topics()
        yield heartline
        heartline.stop()


def command(heartline: Heartline, *arguments: str, exit_code: int = 0) -> str:
    """What a command says."""
    done = subprocess.run(
        [sys.executable, "-m", "stream", *arguments],
        env=heartline.process_environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == exit_code, done.stdout
    return done.stdout


def test_a_record_that_only_its_own_compression_made_small_does_not_end_intake(heartline: Heartline) -> None:
    whole, larger = b"not json " + BLOCK * 6, b"not json " + BLOCK * 40
    assert len(larger) > DEAD_LETTER_MAX_BYTES
    settings = {"bootstrap.servers": heartline.broker.bootstrap, "compression.type": "zstd"}
    producer = Producer({**settings, "message.max.bytes": 100_000_000})
    producer.produce(SUPPORT_MESSAGES, whole, b"k", headers=[("trace", None), ("bytes", b"\xff\xfe")])
    assert producer.flush(60) == 0
    producer.produce(SUPPORT_MESSAGES, larger, b"k")
    producer.produce(SUPPORT_MESSAGES, b"no json either", b"k")
    assert producer.flush(60) == 0
    heartline.start("intake")
    heartline.wait_settled(stages=["intake"])
    heartline.stop()

    first, cut, last = heartline.records(dead_letters_of(SUPPORT_MESSAGES))
    assert (first.value(), cut_from(first)) == (whole, None)
    assert original_headers(first) == [("trace", None), ("bytes", b"\xff\xfe")]
    value = cut.value() or b""
    assert larger.startswith(value)
    assert len(value) == WHOLE_BYTES - len(b"k")
    assert cut_from(cut) == len(b"k" + larger)
    assert position(cut).offset == 1
    assert last.value() == b"no json either"

    assert f"only the beginning of {len(b'k' + larger)} bytes" in command(heartline, "dlq", "show", SUPPORT_MESSAGES)
    refused = command(heartline, "dlq", "replay", SUPPORT_MESSAGES, "--yes", exit_code=23)
    assert f"a record for {SUPPORT_MESSAGES} was refused: Broker: Message size too large" in refused
    heartline.alter_topic(SUPPORT_MESSAGES, {"max.message.bytes": str(DEAD_LETTER_MAX_BYTES)})
    sent = command(heartline, "dlq", "replay", SUPPORT_MESSAGES, "--yes")
    assert "sent 2 records" in sent
    assert "left out 1 that are only the beginning" in sent


def test_dead_letter_topics_of_before_are_named_with_the_way_to_mend_them(heartline: Heartline) -> None:
    topic = dead_letters_of(SUPPORT_MESSAGES)
    heartline.alter_topic(topic, {"max.message.bytes": "2097152"})
    said = command(heartline, "topics", "check", exit_code=22)
    assert "max.message.bytes is 2097152" in said
    assert f"--topic {topic} --add-config max.message.bytes={DEAD_LETTER_MAX_BYTES}" in said
    heartline.alter_topic(topic, {"max.message.bytes": str(DEAD_LETTER_MAX_BYTES)})
    assert "all topics are as they have to be" in command(heartline, "topics", "check")


@pytest.mark.parametrize("topic", [HEALTH_SIGNALS, HEALTH_ACCOUNT_SIGNALS])
def test_records_go_back_to_where_they_came_from_as_they_were(heartline: Heartline, topic: str) -> None:
    headers = [("nothing", None), ("empty", b""), ("bytes", b"\xff\xfe"), ("twice", b"1"), ("twice", b"2")]
    put_aside(heartline, topic, [(n % 4, None, b"for all of %d" % (n % 4)) for n in range(40)], headers)
    put_aside(heartline, topic, [(0, b"default/c%d" % n, b"of one") for n in range(20)], headers)
    assert "send 60 records" in command(heartline, "dlq", "replay", topic, exit_code=3)
    assert "sent 60 records" in command(heartline, "dlq", "replay", topic, "--yes")

    back = heartline.records(topic)
    assert all(original_headers(message) == (message.headers() or []) == headers for message in back)
    assert len([m for m in back if m.key() is not None]) == 20
    for message in back:
        if message.key() is None:
            assert message.value() == b"for all of %d" % (message.partition() or 0)


def test_a_record_without_a_key_of_an_input_may_go_anywhere(heartline: Heartline) -> None:
    put_aside(heartline, SUPPORT_SURVEYS, [(99, None, b"{bad")], [])
    assert "sent 1 records" in command(heartline, "dlq", "replay", SUPPORT_SURVEYS, "--yes")
    wait_until(lambda: len(heartline.records(SUPPORT_SURVEYS)) == 1, 10, "it is there")


def put_aside(
    heartline: Heartline,
    topic: str,
    records: list[tuple[int, bytes | None, bytes]],
    headers: list[tuple[str, bytes | None]],
) -> None:
    """Put out dead letters of records: partition, key and value."""
    producer = Producer({"bootstrap.servers": heartline.broker.bootstrap})
    for offset, (partition, key, value) in enumerate(records):
        letter = dead_letter(topic, partition, offset, key, value, headers, WHY)
        producer.produce(letter.topic, letter.value, letter.key, headers=list(letter.headers))
    assert producer.flush(30) == 0
