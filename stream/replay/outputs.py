"""Where the outputs of a replay go: files of JSON lines, or side topics."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import msgspec

from schemas.catalogue import HEALTH_SIGNALS, TOPICS, Topic
from stream.errors import BadInput, ConfigurationError
from stream.output_files import written
from stream.reading import TopicReader
from stream.replay.folding import WRITTEN, Sent
from stream.sending import Sender
from stream.settings import Settings
from stream.topics import Topics


class Line(msgspec.Struct, frozen=True):
    """A line of a file: the record's key, and its value as it stands on the topic (`null`: a deletion)."""

    key: str
    value: msgspec.Raw


class Writing(Protocol):
    """Outputs of one partition on their way."""

    def write(self, sent: Sent) -> None:
        """Write one."""

    def close(self) -> None:
        """All are written, and confirmed."""


class Target(Protocol):
    """A place for outputs; it goes to other processes."""

    def prepared(self) -> AbstractContextManager[None]:
        """Make sure that nothing is there yet. What is written inside the context stays if that ends without error."""

    def partition(self, partition: int) -> Writing:
        """Write the outputs of one partition."""

    def finish(self, partitions: int) -> None:
        """All partitions are written."""


class Files(NamedTuple):
    """A file of JSON lines for each topic, the partitions one after the other."""

    folder: Path

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Make the folder; an error or Ctrl-C leaves nothing in it. Raises `BadInput` if it holds anything."""
        was_there = self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        if any(self.folder.iterdir()):
            raise BadInput(f"{self.folder} is not empty: name a new folder, so that no two replays are mixed")
        try:
            yield
        except BaseException:
            for topic in WRITTEN:
                for file in self.folder.glob(f"{topic}.*"):
                    file.unlink()
            if not was_there:
                self.folder.rmdir()
            raise

    def partition(self, partition: int) -> Writing:
        """Write the outputs of one partition to files of its own."""
        return _PartFiles(self.folder, partition)

    def finish(self, partitions: int) -> None:
        """Join the files of the partitions."""
        for topic in sorted(WRITTEN):
            parts = [part for number in range(partitions) if (part := _part(self.folder, topic, number)).exists()]
            if parts:
                with written(self.folder / f"{topic}.jsonl") as whole:
                    for part in parts:
                        with part.open("rb") as lines:
                            shutil.copyfileobj(lines, whole)
                        part.unlink()


class SideTopics(NamedTuple):
    """Topics beside those of live, with the same partitions and policies: their names end in `suffix`."""

    settings: Settings
    suffix: str

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Create the topics; what was sent stays there. Raises `ConfigurationError` if one of them holds records."""
        topics = Topics(self.settings)
        partitions = topics.partitions().get(HEALTH_SIGNALS)
        sides = [self._side(TOPICS[name], partitions) for name in sorted(WRITTEN)]
        topics.create(sides)
        for side in sides:
            with closing(TopicReader(self.settings, [side.name])) as reader:
                if reader.count():
                    raise ConfigurationError(f"topic {side.name} holds records: choose another suffix, or delete it")
        yield

    def partition(self, partition: int) -> Writing:
        """Send the outputs of one partition, confirmed when it is closed."""
        return _Sending(self.settings, self.suffix)

    def finish(self, partitions: int) -> None:
        """All is confirmed already."""

    def _side(self, topic: Topic, partitions: int | None) -> Topic:
        return msgspec.structs.replace(topic, name=topic.name + self.suffix, partitions=partitions)


class Nowhere(NamedTuple):
    """Only what is counted is kept."""

    def prepared(self) -> AbstractContextManager[None]:
        """Nothing to do."""
        return nullcontext()

    def partition(self, partition: int) -> Writing:
        """Write nothing."""
        return _Nothing()

    def finish(self, partitions: int) -> None:
        """Nothing to do."""


class _PartFiles(ExitStack):
    def __init__(self, folder: Path, partition: int) -> None:
        super().__init__()
        self._folder, self._partition = folder, partition
        self._files: dict[str, BinaryIO] = {}

    def write(self, sent: Sent) -> None:
        file = self._files.get(sent.topic)
        if file is None:
            path = _part(self._folder, sent.topic, self._partition)
            file = self._files[sent.topic] = self.enter_context(path.open("wb"))
        file.write(line(sent.key, sent.value))


class _Sending:
    def __init__(self, settings: Settings, suffix: str) -> None:
        self._sender, self._suffix = Sender(settings), suffix

    def close(self) -> None:
        self._sender.flush()

    def write(self, sent: Sent) -> None:
        self._sender.send(sent.topic + self._suffix, sent.value, sent.key, sent.headers or (), sent.partition)


class _Nothing:
    def write(self, sent: Sent) -> None:
        """Leave it."""

    def close(self) -> None:
        """Nothing to do."""


def line(key: bytes, value: bytes | None) -> bytes:
    """A record as a line, its value byte for byte."""
    return b'{"key":%b,"value":%b}\n' % (msgspec.json.encode(key.decode()), b"null" if value is None else value)


def _part(folder: Path, topic: str, partition: int) -> Path:
    return folder / f"{topic}.{partition}.part"
