"""`heartline topics check`: what is wrong with the topics, one by one."""

from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import ConfigResource, NewTopic
from typer.testing import CliRunner

from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_ALERTS,
    HEALTH_CONTROL,
    HEALTH_PORTFOLIO_SIGNALS,
    HEALTH_SCORES,
    HEALTH_SIGNALS,
    SUPPORT_TICKETS,
    TOPICS,
)
from stream import topics
from stream.commands.app import app
from stream.errors import BrokerUnreachable, CredentialsRefused, TopicMisconfigured, TopicMissing
from stream.settings import Settings
from stream.topics import Topics, all_topics, partitions_of

SETTINGS = Settings(partitions=6, bootstrap_servers="kafka:9092")
BROKER_DEFAULTS = {
    "cleanup.policy": "delete",
    "retention.ms": "604800000",
    "retention.bytes": "-1",
    "max.message.bytes": "1048588",
    "min.insync.replicas": "1",
}
ALTER = "kafka-configs.sh --bootstrap-server kafka:9092 --alter --topic"


class Admin:
    """A broker's topics as they have to be, until a test spoils them."""

    def __init__(self, properties: dict[str, Any]) -> None:
        self.hear: Callable[[KafkaError], None] = properties["error_cb"]
        self.counts = {topic.name: partitions_of(topic, SETTINGS) for topic in all_topics(SETTINGS)}
        self.settings = {topic.name: BROKER_DEFAULTS | topic.config for topic in all_topics(SETTINGS)}
        self.copies: dict[str, int] = {}
        self.made: list[NewTopic] = []
        self.heard: KafkaError | None = None
        self.away = False
        self.goes_away = False

    def list_topics(self, timeout: float) -> Any:
        if self.away:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT, "no answer"))
        return SimpleNamespace(
            topics={
                name: SimpleNamespace(
                    partitions={n: SimpleNamespace(replicas=range(self.copies.get(name, 1))) for n in range(count)}
                )
                for name, count in self.counts.items()
            }
        )

    def describe_configs(self, resources: list[ConfigResource], request_timeout: float) -> Any:
        if self.goes_away:
            return {one: _failed(KafkaError._TIMED_OUT) for one in resources}
        settings = {
            one: {name: SimpleNamespace(value=value) for name, value in self.settings[one.name].items()}
            for one in resources
        }
        return {one: SimpleNamespace(result=lambda _seconds, it=it: it) for one, it in settings.items()}

    def create_topics(self, new: list[NewTopic], **_timeouts: float) -> "dict[str, Future[None]]":
        self.made += new
        self.counts |= {topic.topic: topic.num_partitions for topic in new}
        done: Future[None] = Future()
        done.set_result(None)
        return {topic.topic: done for topic in new}

    def poll(self, _seconds: float) -> int:
        """Only now it tells what it heard."""
        if self.heard is not None:
            self.hear(self.heard)
        return 0


def _failed(code: int) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_exception(KafkaException(KafkaError(code, "no answer")))
    return future


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> Admin:
    """The broker that every client talks to."""
    admin = Admin({"error_cb": lambda _error: None})

    def client(properties: dict[str, Any]) -> Admin:
        admin.hear = properties["error_cb"]
        return admin

    monkeypatch.setattr(topics, "AdminClient", client)
    return admin


def command(name: str) -> Result:
    """What `heartline topics …` did."""
    env = {"HEARTLINE_PARTITIONS": "6", "HEARTLINE_BOOTSTRAP_SERVERS": "kafka:9092", "COLUMNS": "200"}
    return CliRunner().invoke(app, ["topics", name], env=env)


def checked() -> str:
    """What `heartline topics check` says: its error, or its line."""
    done = command("check")
    if isinstance(done.exception, TopicMisconfigured):
        return str(done.exception)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_topics_as_they_were_created_are_right(admin: Admin) -> None:
    assert checked() == "all topics are as they have to be"
    assert Topics(SETTINGS).require([HEALTH_SIGNALS])[HEALTH_SIGNALS] == 6


def test_what_is_missing_is_created_and_what_was_there_is_told_with_its_own_partitions(admin: Admin) -> None:
    del admin.counts[HEALTH_SCORES]
    admin.counts[SUPPORT_TICKETS] = 50
    done = command("create")
    assert done.exit_code == 0, done.output
    assert [topic.topic for topic in admin.made] == [HEALTH_SCORES]
    rows = {row.split()[1]: row for row in done.output.splitlines() if row.startswith("│")}
    assert (rows[HEALTH_SCORES].split()[3], rows[SUPPORT_TICKETS].split()[3]) == ("6", "50")
    assert "created" in rows[HEALTH_SCORES]
    assert "was there" in rows[SUPPORT_TICKETS]


def test_creating_ends_with_the_error_of_a_topic_that_was_there_and_is_wrong(admin: Admin) -> None:
    """So that a job before an upgrade ends, and not each worker after it."""
    admin.counts[HEALTH_SCORES] = 4
    done = command("create")
    assert isinstance(done.exception, TopicMisconfigured)
    assert str(done.exception) == f"{HEALTH_SCORES}: 4 partitions instead of the 6 of {HEALTH_SIGNALS}"
    assert HEALTH_SCORES in done.output, "the table is shown all the same"


def test_inputs_may_have_any_number_of_partitions(admin: Admin) -> None:
    admin.counts[SUPPORT_TICKETS] = 50
    assert checked() == "all topics are as they have to be"


def test_a_missing_topic_is_named(admin: Admin) -> None:
    del admin.counts[HEALTH_SCORES]
    assert checked() == f"{HEALTH_SCORES}: missing"
    with pytest.raises(TopicMissing, match=f"missing topics: {HEALTH_SCORES}; run `heartline topics create`"):
        Topics(SETTINGS).require([HEALTH_SCORES, HEALTH_SIGNALS])


def test_partitions_that_do_not_go_with_the_logs_are_named_with_both_numbers(admin: Admin) -> None:
    admin.counts[HEALTH_SCORES] = 4
    assert checked() == f"{HEALTH_SCORES}: 4 partitions instead of the 6 of {HEALTH_SIGNALS}"
    with pytest.raises(TopicMisconfigured, match="4 partitions instead of the 6"):
        Topics(SETTINGS).require([HEALTH_SCORES])


def test_the_control_topic_has_one_partition(admin: Admin) -> None:
    admin.counts[HEALTH_CONTROL] = 6
    assert checked() == f"{HEALTH_CONTROL}: 6 partitions instead of 1"


def test_a_log_that_would_be_thinned_out_is_named(admin: Admin) -> None:
    admin.settings[HEALTH_SIGNALS]["cleanup.policy"] = "compact"
    assert checked() == f"{HEALTH_SIGNALS}: cleanup.policy is compact instead of delete"


def test_a_topic_that_takes_too_little_is_named_with_the_way_to_mend_it(admin: Admin) -> None:
    name = "support.tickets-dlq"
    admin.settings[name]["max.message.bytes"] = "2097152"
    alter = f"{ALTER} {name} --add-config max.message.bytes=16777216"
    assert checked() == f"{name}: max.message.bytes is 2097152 and has to be 16777216: `{alter}`"
    admin.settings[name]["max.message.bytes"] = "16777217"
    assert checked() == "all topics are as they have to be"


@pytest.mark.parametrize("name", [topic.name for topic in TOPICS.values() if topic.unlimited])
def test_a_limit_of_what_has_to_be_kept_for_ever_is_named_with_the_way_to_mend_it(admin: Admin, name: str) -> None:
    admin.settings[name] |= {"retention.ms": "604800000", "retention.bytes": "1073741824"}
    wrong = "retention.ms is 604800000 and has to be -1, retention.bytes is 1073741824 and has to be -1"
    assert checked() == f"{name}: {wrong}: `{ALTER} {name} --add-config retention.ms=-1,retention.bytes=-1`"
    with pytest.raises(TopicMisconfigured, match="retention"):
        Topics(SETTINGS).require([name])


def test_the_logs_have_to_be_kept_for_ever() -> None:
    assert {HEALTH_CONTROL, HEALTH_SIGNALS, HEALTH_ACCOUNT_SIGNALS, HEALTH_PORTFOLIO_SIGNALS} <= {
        topic.name for topic in TOPICS.values() if topic.unlimited
    }


@pytest.mark.parametrize("name", [SUPPORT_TICKETS, HEALTH_ALERTS, "support.tickets-dlq"])
def test_how_long_the_rest_is_kept_is_for_the_operator_to_say(admin: Admin, name: str) -> None:
    admin.settings[name] |= {"retention.ms": "3600000", "retention.bytes": "1073741824"}
    assert checked() == "all topics are as they have to be"


def test_of_three_copies_two_have_to_be_in_sync(admin: Admin) -> None:
    """Else what was acknowledged may be on one broker alone, and lost with it."""
    admin.copies[HEALTH_SIGNALS], admin.copies[HEALTH_SCORES] = 3, 2
    alter = f"`{ALTER} {HEALTH_SIGNALS} --add-config min.insync.replicas=2`"
    assert checked() == f"{HEALTH_SIGNALS}: min.insync.replicas is 1 and has to be 2: {alter}"
    admin.settings[HEALTH_SIGNALS]["min.insync.replicas"] = "2"
    assert checked() == "all topics are as they have to be"


@pytest.mark.parametrize(("copies", "in_sync"), [(1, None), (2, None), (3, "2"), (5, "2")])
def test_topics_are_created_so_that_they_pass(admin: Admin, copies: int, in_sync: str | None) -> None:
    del admin.counts[HEALTH_SIGNALS]
    Topics(SETTINGS.model_copy(update={"replication_factor": copies})).create([TOPICS[HEALTH_SIGNALS]])
    (made,) = admin.made
    assert made.replication_factor == copies
    assert made.config.get("min.insync.replicas") == in_sync
    assert made.config.items() >= TOPICS[HEALTH_SIGNALS].config.items()


def test_where_kafka_asks_who_comes_the_command_says_that_it_has_to_log_in(admin: Admin) -> None:
    settings = Settings(bootstrap_servers="kafka:9093", security_protocol="SSL")
    admin.settings[HEALTH_SIGNALS]["retention.ms"] = "1"
    (problem,) = Topics(settings).problems([TOPICS[HEALTH_SIGNALS]])
    assert "--bootstrap-server kafka:9093 --command-config client.properties --alter" in problem.what
    assert problem.what.endswith("(client.properties: how Kafka's own tools log in)")


def test_everything_that_is_wrong_is_said_at_once(admin: Admin) -> None:
    del admin.counts[SUPPORT_TICKETS]
    admin.counts[HEALTH_CONTROL] = 2
    assert checked() == f"{SUPPORT_TICKETS}: missing; {HEALTH_CONTROL}: 2 partitions instead of 1"


def test_nobody_who_answers_is_named_with_what_was_heard(admin: Admin) -> None:
    admin.away, admin.heard = True, KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down")
    with pytest.raises(BrokerUnreachable, match=r"kafka:9092.*1/1 brokers are down.*HEARTLINE_BOOTSTRAP_SERVERS"):
        Topics(SETTINGS).partitions()


def test_a_broker_that_goes_away_between_two_questions_is_named(admin: Admin) -> None:
    admin.goes_away = True
    with pytest.raises(BrokerUnreachable, match="no answer"):
        Topics(SETTINGS).problems(all_topics(SETTINGS))


@pytest.mark.parametrize("code", [KafkaError._AUTHENTICATION, KafkaError._SSL])
def test_refused_credentials_are_not_a_broker_that_is_away(admin: Admin, code: int) -> None:
    admin.away, admin.heard = True, KafkaError(code, "refused")
    with pytest.raises(CredentialsRefused, match="HEARTLINE_SASL_PASSWORD"):
        Topics(SETTINGS).partitions()
