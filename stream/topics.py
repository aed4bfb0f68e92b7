"""Creating the topics of the catalogue, and checking that they are as they have to be."""

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from typing import NamedTuple, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType, TopicMetadata

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
SAFE_COPIES, SAFE_IN_SYNC = 3, 2
"""Of three copies two have to be written: what is acknowledged outlives a broker, and one may be away meanwhile."""
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


def misconfigured(problems: Iterable[Problem]) -> TopicMisconfigured:
    """The error that names all of them."""
    return TopicMisconfigured("; ".join(f"{problem.topic}: {problem.what}" for problem in problems))


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


def _to_alter(topic: Topic, told: Mapping[str, str], copies: int) -> Iterator[tuple[str, int]]:
    """The settings that are not as they have to be, with the values that they have to have. What else is kept longer
    or shorter than the catalogue says is the operator's business.
    """
    if topic.unlimited:
        yield from ((name, -1) for name in ("retention.ms", "retention.bytes") if told[name] != "-1")
    if topic.max_message_bytes is not None and int(told["max.message.bytes"]) < topic.max_message_bytes:
        yield "max.message.bytes", topic.max_message_bytes
    if copies >= SAFE_COPIES and int(told["min.insync.replicas"]) < SAFE_IN_SYNC:
        yield "min.insync.replicas", SAFE_IN_SYNC


class Topics:
    """The topics on the brokers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = Connection(settings)
        self._admin = AdminClient(self._connection.properties)

    def partitions(self) -> dict[str, int]:
        """Partitions of each topic that exists. Raises `BrokerUnreachable` or `CredentialsRefused`."""
        return {name: len(topic.partitions) for name, topic in self._listed().items()}

    def copies(self) -> dict[str, int]:
        """Copies of each topic's partitions (of the partition with the fewest). Raises like `partitions`."""
        return {
            name: min((len(partition.replicas) for partition in topic.partitions.values()), default=0)
            for name, topic in self._listed().items()
        }

    def _listed(self) -> dict[str, TopicMetadata]:
        try:
            return self._admin.list_topics(timeout=TIMEOUT_SECONDS / 3).topics
        except KafkaException as error:
            raise self._connection.unreachable(self._admin, error) from error

    def create(self, topics: Iterable[Topic]) -> list[str]:
        """Create those that do not exist, and wait until the brokers tell of them; returns their names."""
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
        names = {topic.name for topic in missing}
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not names <= self.partitions().keys() and time.monotonic() < deadline:
            time.sleep(0.1)
        return [topic.name for topic in missing]

    def _new(self, topic: Topic) -> NewTopic:
        copies = self._settings.replication_factor
        in_sync = {"min.insync.replicas": str(SAFE_IN_SYNC)} if copies >= SAFE_COPIES else {}
        return NewTopic(
            topic.name,
            num_partitions=partitions_of(topic, self._settings),
            replication_factor=copies,
            config=topic.config | in_sync,
        )

    def problems(self, topics: Iterable[Topic]) -> list[Problem]:
        """What differs from the catalogue: missing topics, wrong numbers of partitions, other cleanup policies, limits
        of what has to be kept for ever, too small records, too few copies in sync."""
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
        copies = self.copies()
        resources = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics]
        futures = self._admin.describe_configs(resources, request_timeout=TIMEOUT_SECONDS)
        settings = {resource.name: self._answer(future) for resource, future in futures.items()}
        found = []
        for topic in topics:
            told = {name: str(entry.value) for name, entry in settings[topic.name].items()}
            if told["cleanup.policy"] != topic.cleanup:
                what = f"cleanup.policy is {told['cleanup.policy']} instead of {topic.cleanup}"
                found.append(Problem(topic.name, what))
            if wanted := dict(_to_alter(topic, told, copies.get(topic.name, 0))):
                wrong = ", ".join(f"{name} is {told[name]} and has to be {value}" for name, value in wanted.items())
                found.append(Problem(topic.name, f"{wrong}: {self._alter(topic.name, wanted)}"))
        return found

    def _alter(self, topic: str, wanted: Mapping[str, int]) -> str:
        """The command that mends a topic, as it can be pasted."""
        secured = self._settings.security_protocol != "PLAINTEXT"
        command = (
            f"kafka-configs.sh --bootstrap-server {self._settings.bootstrap_servers} "
            f"{'--command-config client.properties ' if secured else ''}--alter --topic {topic} "
            f"--add-config {','.join(f'{name}={value}' for name, value in wanted.items())}"
        )
        return f"`{command}`" + (" (client.properties: how Kafka's own tools log in)" if secured else "")

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
            raise misconfigured(problems)
        return self.partitions()
