"""Looks at the topics before the worker joins the group: do they exist and fit together, what are their ids."""

import time
from collections.abc import Mapping, Sequence

import structlog
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, NewTopic, TopicDescription

from stream.dataplane.kafka_errors import named
from stream.dataplane.settings import PlaneSettings
from stream.errors import BrokerUnreachable, TopicMisconfigured, TopicMissing

log = structlog.get_logger(__name__)

_SECONDS = 30.0
_PATIENCE_SECONDS = 2.0


def check(settings: PlaneSettings, sources: Sequence[str]) -> dict[str, str]:
    """Check sources and changelog, create the changelog if it does not exist; returns the ids of the topics.

    Raises:
        TopicMissing: a source topic does not exist.
        TopicMisconfigured: sources and changelog differ in their number of partitions.
        BrokerUnreachable: no answer.
    """
    admin = AdminClient(settings.client())
    if settings.topics_on_first_use:
        return _touch(admin, [*sources, *([settings.changelog] if settings.changelog else [])])
    found = _await(admin, sources, _PATIENCE_SECONDS)
    missing = sorted(set(sources) - set(found))
    if missing:
        raise TopicMissing(f"topics that do not exist: {', '.join(missing)}; run `heartline topics create`")
    if settings.changelog is not None:
        found[settings.changelog] = _changelog(admin, settings, settings.changelog, found)
    return {name: str(topic.topic_id) for name, topic in found.items()}


def _touch(admin: AdminClient, names: Sequence[str]) -> dict[str, str]:
    """librdkafka's mock cluster makes a topic when it is asked for, and has no ids."""
    for name in names:
        try:
            admin.list_topics(name, timeout=_SECONDS)
        except KafkaException as exception:
            raise named(exception.args[0], f"asking for the topic {name}") from exception
    return {}


def _changelog(
    admin: AdminClient, settings: PlaneSettings, name: str, sources: Mapping[str, TopicDescription]
) -> TopicDescription:
    counts = {topic: len(description.partitions) for topic, description in sources.items()}
    if len(set(counts.values())) != 1:
        raise TopicMisconfigured(f"sources of a stage with a table need equal partition counts, these have {counts}")
    count = next(iter(counts.values()))
    found = _describe(admin, [name])
    if name not in found:
        _create(admin, name, count, settings.replication_factor)
        found = _await(admin, [name], _SECONDS)
    if len(found[name].partitions) != count:
        raise TopicMisconfigured(
            f"the changelog {name} has {len(found[name].partitions)} partitions and its sources have {count}; they "
            "must be equal: recreate the one that is wrong, run `heartline state reset --everywhere`, then start again"
        )
    return found[name]


def _await(admin: AdminClient, names: Sequence[str], seconds: float) -> dict[str, TopicDescription]:
    """A topic that was just created is not known to every broker at once."""
    deadline = time.monotonic() + seconds
    while len(found := _describe(admin, names)) < len(names) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _describe(admin: AdminClient, names: Sequence[str]) -> dict[str, TopicDescription]:
    found: dict[str, TopicDescription] = {}
    for name, future in admin.describe_topics(TopicCollection(list(names)), request_timeout=_SECONDS).items():
        try:
            found[name] = future.result(timeout=2 * _SECONDS)
        except KafkaException as exception:
            error: KafkaError = exception.args[0]
            if error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise BrokerUnreachable(f"asking for the topic {name}: {error.str()}; check the brokers") from exception
    return found


def _create(admin: AdminClient, name: str, partitions: int, replication_factor: int) -> None:
    topic = NewTopic(
        name, partitions, replication_factor, config={"cleanup.policy": "compact", "compression.type": "lz4"}
    )
    for future in admin.create_topics([topic], request_timeout=_SECONDS).values():
        try:
            future.result(timeout=2 * _SECONDS)
        except KafkaException as exception:
            error: KafkaError = exception.args[0]
            if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicMissing(
                    f"the changelog {name} could not be created: {error.str()}; create it"
                ) from exception
    log.info("changelog.created", topic=name, partitions=partitions)
