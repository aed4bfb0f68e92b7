"""Where a source begins, by what the group has committed and what the topic holds."""

from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition

from stream.dataplane.settings import PlaneSettings
from stream.dataplane.source import Source
from stream.errors import SourceRecreated

STATELESS = PlaneSettings(application="app", worker_id="0", bootstrap="127.0.0.1:1", librdkafka={"log_level": 0})
STATEFUL = replace(STATELESS, table="rows", data_dir=Path("unused"))


def start(settings: PlaneSettings, committed: int, low: int, high: int) -> int:
    source = Source(settings, lambda runs: None, lambda error: None)
    try:
        return source._start(TopicPartition("topic", 0, committed), low, high)
    finally:
        source.close(1.0)


@pytest.mark.parametrize(("committed", "begin"), [(-1001, 5), (3, 5), (7, 7), (10, 10)])
def test_it_begins_where_the_group_was_and_else_at_the_first_record(committed: int, begin: int) -> None:
    assert start(STATEFUL, committed, low=5, high=10) == begin


def test_a_topic_that_was_made_anew_under_state_is_named_with_the_way_out() -> None:
    with pytest.raises(SourceRecreated, match="heartline state reset --everywhere"):
        start(STATEFUL, 11, low=0, high=10)


def test_a_stage_without_state_reads_a_topic_that_was_made_anew_from_its_beginning() -> None:
    assert start(STATELESS, 11, low=0, high=10) == 0
