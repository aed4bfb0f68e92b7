"""The errors of Heartline. Each says what happened, where, and what to do, and carries the exit code of the process it
ends.

    HeartlineError                     1
    ├── ConfigurationError            10   a setting is missing or contradicts another
    ├── BadInput                      11   a file given to a command cannot be read as what it should be, or written
    │   └── ImportFailure             11   an import cannot go on (these three: stream.imports.errors)
    │       ├── MappingError          11   the mapping file is not what it should be, or does not fit the files
    │       └── BadRow                11   a row of an export cannot become an event
    ├── NotScored                     12   the contact asked for has no score
    ├── ModelRefused                  13   a health model cannot be published as it is
    ├── BrokerError                   20
    │   ├── BrokerUnreachable         20   nobody answers
    │   ├── TopicMissing              21
    │   ├── TopicMisconfigured        22   wrong partition count, changelog not compacted
    │   ├── DeliveryFailed            23   the broker refused records or a commit
    │   ├── WorkerFenced              24   another process uses this worker id, or this one slept too long
    │   ├── ClientIncompatible        25   the installed librdkafka is not the one this was written for
    │   └── CredentialsRefused        26   the brokers refuse user, password or certificate
    ├── StateError                    30
    │   ├── DataDirectoryInUse        30
    │   ├── ChangelogRecreated        31
    │   ├── SourceRecreated           32
    │   ├── DiskFull                  33
    │   └── NewerStateRow             34
    ├── Stalled                       40   records wait and nothing is processed
    ├── AgentFailed                   41   a bug: an agent raised
    └── DeadLetterLimit               42   too large a share of the input is refused

Bad input is a value (a dead letter), never one of these.
"""

from typing import ClassVar

__all__ = [
    "AgentFailed",
    "BadInput",
    "BrokerError",
    "BrokerUnreachable",
    "ChangelogRecreated",
    "ClientIncompatible",
    "ConfigurationError",
    "CredentialsRefused",
    "DataDirectoryInUse",
    "DeadLetterLimit",
    "DeliveryFailed",
    "DiskFull",
    "HeartlineError",
    "ModelRefused",
    "NewerStateRow",
    "NotScored",
    "SourceRecreated",
    "Stalled",
    "StateError",
    "TopicMisconfigured",
    "TopicMissing",
    "WorkerFenced",
]


class HeartlineError(Exception):
    """Base of all errors that end a process; `exit_code` is its exit status."""

    exit_code: ClassVar[int] = 1


class ConfigurationError(HeartlineError):
    """A setting is missing or contradicts another."""

    exit_code = 10


class BadInput(HeartlineError):
    """A file given to a command cannot be read as what it should be, or cannot be written."""

    exit_code = 11


class NotScored(HeartlineError):
    """The contact asked for has no score."""

    exit_code = 12


class ModelRefused(HeartlineError):
    """A health model cannot be published as it is."""

    exit_code = 13


class BrokerError(HeartlineError):
    """Kafka does not do what is needed."""

    exit_code = 20


class BrokerUnreachable(BrokerError):
    """No broker answers."""

    exit_code = 20


class TopicMissing(BrokerError):
    """A topic does not exist."""

    exit_code = 21


class TopicMisconfigured(BrokerError):
    """A topic has the wrong partition count or clean-up policy."""

    exit_code = 22


class DeliveryFailed(BrokerError):
    """Kafka refused records or the commit of a cycle."""

    exit_code = 23


class WorkerFenced(BrokerError):
    """A newer producer with this worker's transactional id exists."""

    exit_code = 24


class ClientIncompatible(BrokerError):
    """The installed Kafka client differs from the one that this was written for."""

    exit_code = 25


class CredentialsRefused(BrokerError):
    """The brokers refuse user, password or certificate, or we refuse theirs."""

    exit_code = 26


class StateError(HeartlineError):
    """The local state cannot be used."""

    exit_code = 30


class DataDirectoryInUse(StateError):
    """Another worker runs on this data directory."""

    exit_code = 30


class ChangelogRecreated(StateError):
    """The changelog topic is not the one that the local state came from."""

    exit_code = 31


class SourceRecreated(StateError):
    """A source topic is not the one whose offsets are in the state."""

    exit_code = 32


class DiskFull(StateError):
    """The local state could not be written: no space left."""

    exit_code = 33


class NewerStateRow(StateError):
    """A row of state was written by a newer version of Heartline."""

    exit_code = 34


class Stalled(HeartlineError):
    """Records wait and nothing has been processed for too long."""

    exit_code = 40


class AgentFailed(HeartlineError):
    """An agent raised: a bug, or an outage that it does not handle."""

    exit_code = 41


class DeadLetterLimit(HeartlineError):
    """So many records are refused that the fault is more likely ours."""

    exit_code = 42
