"""A watermark belongs to one life of a topic: remembers the ids of the topics that a state came from.

The id of the changelog is kept beside the local rows. The ids of the sources are a row of the state itself, so they are
in the changelog too and survive a lost disk.
"""

from collections.abc import Mapping

import msgspec

from stream.dataplane.cycle import Batch
from stream.dataplane.store import META, PartitionStore
from stream.errors import ChangelogRecreated, SourceRecreated

SOURCES = META + b"sources"

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, str]).decode


def sources_row(ids: Mapping[str, str]) -> tuple[bytes, bytes]:
    """Key and value of the row by which a state remembers the ids of its sources."""
    return SOURCES, _encode(dict(ids))


class Identity:
    """Compares the topics of today with those that the state knows. Without ids (mock cluster) it does nothing."""

    def __init__(self, changelog: str, ids: Mapping[str, str]) -> None:
        """`ids` by topic: the sources and the changelog."""
        self._changelog = changelog
        self._changelog_id = ids.get(changelog)
        self._sources = {name: topic_id for name, topic_id in ids.items() if name != changelog}
        self._marked: set[int] = set()

    def check_changelog(self, partition: int, store: PartitionStore) -> None:
        """Before the restore: is this the changelog that the store came from?"""
        if self._changelog_id is None:
            return
        known = store.changelog_id()
        if known is None:
            store.remember_changelog(self._changelog_id)
        elif known != self._changelog_id:
            raise ChangelogRecreated(
                f"the changelog {self._changelog} was recreated (id {known} then, {self._changelog_id} now) and the "
                f"state of partition {partition} in {store.path} is of the old one; stop all workers of the stage, run "
                "`heartline state reset --everywhere` for one of them and `heartline state reset` for the others, then "
                "start again"
            )

    def check_sources(self, partition: int, store: PartitionStore, folded: bool) -> None:
        """After the restore: do the offsets in the rows belong to the topics of today?

        `folded`: the group has committed offsets of this partition. Its state then begins with the ids of the sources.
        """
        raw = store.get(SOURCES)
        if raw is None and folded and self._sources:
            raise ChangelogRecreated(
                f"the group has folded records of partition {partition}, and neither the disk nor the changelog "
                f"{self._changelog} has any state of it: the changelog was recreated or emptied; stop all workers of "
                "the stage, run `heartline state reset --everywhere`, then start again"
            )
        known = {} if raw is None else _decode(raw)
        for topic, topic_id in self._sources.items():
            if known.get(topic, topic_id) != topic_id:
                raise SourceRecreated(
                    f"the topic {topic} was recreated (id {known[topic]} then, {topic_id} now) and the state of "
                    f"partition {partition} knows offsets of the old one: its records would be ignored; stop all "
                    "workers of the stage, run `heartline state reset --everywhere`, then start again"
                )
        if not self._sources.keys() - known.keys():
            self._marked.add(partition)

    def mark(self, batch: Batch) -> None:
        """Add the ids of the sources to a partition's first rows."""
        if not self._sources:
            return
        for partition in batch.rows.keys() - self._marked:
            batch.rows[partition].append((SOURCES, _encode(self._sources)))

    def marked(self, batch: Batch) -> None:
        """The batch is committed."""
        self._marked.update(batch.rows)
