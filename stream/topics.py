"""Creating the topics of the catalogue, and checking that they are as they have to be."""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import NamedTuple, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_PORTFOLIO_SIGNALS,
    HEALTH_SIGNALS,
    TOPICS,
    KeyKind,
    Topic,
    changelog,
)
from stream.connection import Connection
from stream.errors import TopicMisconfigured, TopicMissing
from stream.settings import Settings, Stage

TABLES: dict[Stage, tuple[str, KeyKind]] = {
    "scoring": ("contacts", "contact"),
    "accounts": ("accounts", "account"),
    "portfolios": ("portfolios", "portfolio"),
}
"""The stages with a table: its name, and whose rows it has."""
LOGS: dict[KeyKind, str] = {
    "contact": HEALTH_SIGNALS,
    "account": HEALTH_ACCOUNT_SIGNALS,
    "portfolio": HEALTH_PORTFOLIO_SIGNALS,
}
"""The log of each kind of subject, with which all topics of that kind are co-partitioned."""
TIMEOUT_SECONDS = 30.0
_NO_ANSWER = {
    KafkaError._TIMED_OUT,
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._DESTROY,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.BROKER_NOT_AVAILABLE,
}

AnswerT = TypeVar("AnswerT")


class Problem(NamedTuple):
    """A topic that is not as it has to be."""

    topic: str
    what: str


def all_topics(settings: Settings) -> list[Topic]:
    """The catalogue and the changelogs of the tables."""
    return [*TOPICS.values(), *(table_changelog(stage, settings) for stage in TABLES)]


def table_changelog(stage: Stage, settings: Settings) -> Topic:
    """The changelog of a stage's table. KeyError for a stage without one."""
    table, key = TABLES[stage]
    return changelog(settings.group(stage), table, key)


def partitions_of(topic: Topic, settings: Settings) -> int:
    """How many partitions a topic is to have."""
    return topic.partitions if topic.partitions is not None else settings.partitions


def _too_small(topic: str, largest: int, wanted: int) -> str:
    alter = f"kafka-configs.sh --alter --topic {topic} --add-config max.message.bytes={wanted}"
    return f"max.message.bytes is {largest} and has to be {wanted}: `{alter}`"


class Topics:
    """The topics on the brokers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = Connection(settings)
        self._admin = AdminClient(self._connection.properties)

    def partitions(self) -> dict[str, int]:
        """Partitions of each topic that exists. Raises `BrokerUnreachable` or `CredentialsRefused`."""
        try:
            listed = self._admin.list_topics(timeout=TIMEOUT_SECONDS / 3)
        except KafkaException as error:
            raise self._connection.unreachable(self._admin, error) from error
        return {name: len(topic.partitions) for name, topic in listed.topics.items()}

    def create(self, topics: Iterable[Topic]) -> list[str]:
        """Create those that do not exist; returns their names."""
        exist = self.partitions()
        missing = [topic for topic in topics if topic.name not in exist]
        if not missing:
            return []
        futures = self._admin.create_topics(
            [self._new(topic) for topic in missing], operation_timeout=TIMEOUT_SECONDS, request_timeout=TIMEOUT_SECONDS
        )
        for future in futures.values():
            try:
                self._answer(future)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
        return [topic.name for topic in missing]

    def _new(self, topic: Topic) -> NewTopic:
        return NewTopic(
            topic.name,
            num_partitions=partitions_of(topic, self._settings),
            replication_factor=self._settings.replication_factor,
            config=topic.config,
        )

    def problems(self, topics: Iterable[Topic]) -> list[Problem]:
        """What differs from the catalogue: missing topics, wrong numbers of partitions, other cleanup policies, too
        small records."""
        exist = self.partitions()
        found = []
        for topic in topics:
            count = exist.get(topic.name)
            # Any number will do for the others, as long as all that must be co-partitioned agree on it.
            log = LOGS.get(topic.key)
            if count is None:
                found.append(Problem(topic.name, "missing"))
            elif topic.role != "input" and log is not None and count != exist.get(log, 0):
                found.append(Problem(topic.name, f"{count} partitions instead of the {exist.get(log, 0)} of {log}"))
            elif topic.partitions is not None and count != topic.partitions:
                found.append(Problem(topic.name, f"{count} partitions instead of {topic.partitions}"))
        return found + self._setting_problems([topic for topic in topics if topic.name in exist])

    def _setting_problems(self, topics: list[Topic]) -> list[Problem]:
        resources = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics]
        futures = self._admin.describe_configs(resources, request_timeout=TIMEOUT_SECONDS)
        settings = {resource.name: self._answer(future) for resource, future in futures.items()}
        found = []
        for topic in topics:
            policy = settings[topic.name]["cleanup.policy"].value
            if policy != topic.cleanup:
                found.append(Problem(topic.name, f"cleanup.policy is {policy} instead of {topic.cleanup}"))
            if topic.max_message_bytes is None:
                continue
            largest = int(settings[topic.name]["max.message.bytes"].value)
            if largest < topic.max_message_bytes:
                found.append(Problem(topic.name, _too_small(topic.name, largest, topic.max_message_bytes)))
        return found

    def _answer(self, future: "Future[AnswerT]") -> AnswerT:
        """What the brokers answer. Raises `BrokerUnreachable` or `CredentialsRefused` where they do not (one that
        restarts meanwhile, for example), else their KafkaException.
        """
        try:
            return future.result(2 * TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() not in _NO_ANSWER:
                raise
            raise self._connection.unreachable(self._admin, error) from error

    def require(self, names: Iterable[str]) -> dict[str, int]:
        """The partitions of topics that must exist, as a worker needs them.

        Raises `TopicMissing` or `TopicMisconfigured`.
        """
        named = set(names)
        wanted = [topic for topic in all_topics(self._settings) if topic.name in named]
        problems = self.problems(wanted)
        missing = [problem.topic for problem in problems if problem.what == "missing"]
        if missing:
            raise TopicMissing(f"missing topics: {', '.join(missing)}; run `heartline topics create`")
        if problems:
            raise TopicMisconfigured("; ".join(f"{problem.topic}: {problem.what}" for problem in problems))
        return self.partitions()
