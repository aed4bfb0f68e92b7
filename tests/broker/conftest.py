"""Fixtures on a real Apache Kafka. A machine that cannot run it fails these tests, it does not skip them."""

from collections.abc import Iterator

import pytest

from tests.support.kafka import KafkaBroker, KafkaUnavailable


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaBroker]:
    """One broker for the whole session; tests take topics of their own."""
    broker = KafkaBroker()
    try:
        broker.start()
    except KafkaUnavailable as error:
        broker.close()
        pytest.fail(str(error), pytrace=False)
    yield broker
    broker.close()
