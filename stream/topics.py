"""Creating the topics of the catalogue, and checking that they are as they have to be."""

from collections.abc import Iterable
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from schemas.catalogue import HEALTH_SIGNALS, TOPICS, Topic, changelog
from stream.connection import Connection
from stream.errors import TopicMisconfigured, TopicMissing
from stream.settings import Settings

TABLE = "contacts"
TIMEOUT_SECONDS = 30.0


class Problem(NamedTuple):
    """A topic that is not as it has to be."""

    topic: str
    what: str


def all_topics(settings: Settings) -> list[Topic]:
    """The catalogue and the changelog of scoring's table."""
    return [*TOPICS.values(), changelog(settings.group("scoring"), TABLE)]


def partitions_of(topic: Topic, settings: Settings) -> int:
    """How many partitions a topic is to have."""
    return topic.partitions if topic.partitions is not None else settings.partitions


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
        futures = self._admin.create_topics([self._new(topic) for topic in missing], operation_timeout=TIMEOUT_SECONDS)
        for future in futures.values():
            try:
                future.result(TIMEOUT_SECONDS)
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
        """What differs from the catalogue: missing topics, wrong numbers of partitions, other cleanup policies."""
        exist = self.partitions()
        found = []
        signals = exist.get(HEALTH_SIGNALS, 0)
        for topic in topics:
            count = exist.get(topic.name)
            # Any number will do for the others, as long as all that must be co-partitioned agree on it.
            wanted = topic.partitions if topic.partitions is not None else signals
            if count is None:
                found.append(Problem(topic.name, "missing"))
            elif topic.role != "input" and topic.key == "contact" and count != wanted:
                found.append(Problem(topic.name, f"{count} partitions instead of the {wanted} of {HEALTH_SIGNALS}"))
            elif topic.partitions is not None and count != topic.partitions:
                found.append(Problem(topic.name, f"{count} partitions instead of {topic.partitions}"))
        return found + self._policy_problems([topic for topic in topics if topic.name in exist])

    def _policy_problems(self, topics: list[Topic]) -> list[Problem]:
        resources = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics]
        futures = self._admin.describe_configs(resources)
        policies = {
            resource.name: future.result(TIMEOUT_SECONDS)["cleanup.policy"].value
            for resource, future in futures.items()
        }
        return [
            Problem(topic.name, f"cleanup.policy is {policies[topic.name]} instead of {topic.cleanup}")
            for topic in topics
            if policies[topic.name] != topic.cleanup
        ]

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
