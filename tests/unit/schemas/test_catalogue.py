import pytest

from schemas.catalogue import INPUT_TOPIC_OF, INPUTS, TOPICS, Topic, changelog, days, dead_letters_of
from schemas.signals import Signal
from schemas.tickets import TicketOpened

NAMED = {
    "support.tickets",
    "support.messages",
    "support.surveys",
    "support.contacts",
    "support.accounts",
    "support.reviews",
    "health.control",
    "health.signals",
    "health.scores",
    "health.band-changes",
    "health.alerts",
    "health.score-history",
    "health.account-signals",
    "health.account-scores",
    "health.portfolio-signals",
    "health.portfolio-scores",
    "health.profiles",
    "health.receipts",
    "support.labelled-examples",
}


def test_the_catalogue_holds_the_named_topics_and_a_dead_letter_topic_for_each_that_a_stage_reads() -> None:
    logs = {"health.signals", "health.account-signals", "health.portfolio-signals"}
    read = {*(topic.name for topic in INPUTS), *logs}
    assert set(TOPICS) == NAMED | {dead_letters_of(name) for name in read}
    assert all(name == topic.name for name, topic in TOPICS.items())
    assert {name: topic.dead_letters for name, topic in TOPICS.items() if topic.dead_letters} == {
        name: f"{name}-dlq" for name in read
    }


@pytest.mark.parametrize(
    ("name", "cleanup", "retention_days"),
    [
        ("support.tickets", "delete", 7),
        ("support.messages", "delete", 7),
        ("support.surveys", "delete", 7),
        ("support.contacts", "delete", 7),
        ("support.accounts", "delete", 7),
        ("support.reviews", "delete", 7),
        ("support.tickets-dlq", "delete", 14),
        ("health.control-dlq", "delete", 14),
        ("health.band-changes", "delete", 30),
        ("health.alerts", "delete", 30),
        ("health.control", "delete", None),
        ("health.signals", "delete", None),
        ("health.score-history", "delete", None),
        ("health.scores", "compact", None),
        ("health.profiles", "compact", None),
        ("health.account-scores", "compact", None),
        ("health.portfolio-scores", "compact", None),
        ("support.labelled-examples", "compact", None),
    ],
)
def test_a_topic_is_kept_as_long_as_the_design_says(name: str, cleanup: str, retention_days: int | None) -> None:
    topic = TOPICS[name]
    assert (topic.cleanup, topic.retention_ms) == (cleanup, None if retention_days is None else days(retention_days))


def test_health_control_has_one_partition_and_the_setting_decides_the_others() -> None:
    assert {name: topic.partitions for name, topic in TOPICS.items() if topic.partitions is not None} == {
        "health.control": 1
    }


def test_kafkas_settings_say_without_limit_in_its_own_way() -> None:
    assert TOPICS["health.signals"].config == {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
    }
    assert TOPICS["health.alerts"].config["retention.ms"] == "2592000000"
    assert not {"retention.ms", "retention.bytes"} & TOPICS["health.scores"].config.keys()
    assert "retention.bytes" not in TOPICS["health.alerts"].config
    assert TOPICS["support.tickets-dlq"].config["max.message.bytes"] == "16777216"


def test_what_is_to_go_in_time_does_not_wait_in_an_open_segment() -> None:
    day = "86400000"
    assert TOPICS["support.messages"].config["segment.ms"] == day
    assert (
        TOPICS["health.scores"].config["segment.ms"] == TOPICS["health.scores"].config["max.compaction.lag.ms"] == day
    )


def test_a_changelog_is_named_as_faust_names_it_and_compacted() -> None:
    topic = changelog("heartline-scoring", "contacts")
    assert topic.name == "heartline-scoring-contacts-changelog"
    assert topic.config["cleanup.policy"] == "compact"


def test_each_event_type_has_one_input_topic() -> None:
    assert INPUT_TOPIC_OF[TicketOpened] == "support.tickets"
    assert len(INPUT_TOPIC_OF) == sum(len(topic.values) for topic in INPUTS)


def test_topics_of_ours_name_their_value_type() -> None:
    assert TOPICS["health.signals"].values == (Signal,)
    without: list[Topic] = [topic for topic in TOPICS.values() if not topic.values]
    assert {topic.role for topic in without} == {"internal"}
