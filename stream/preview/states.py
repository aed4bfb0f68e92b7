"""The present states compared: the changelog of scoring, read to its end while the workers go on."""

from contextlib import closing
from typing import NamedTuple

from models.health.control_row import ControlRow, DocumentsInMemory
from models.health.fold import PartitionFold
from models.health.model import HealthModel, parse_model
from models.health.state import ContactState
from schemas.keys import split_key
from stream.model_rows import BEHIND, ModelRow, document_key
from stream.model_rows import PREFIX as MODELS
from stream.parallel import Advance
from stream.preview.comparing import Comparing, Comparison, not_previewed
from stream.reading import TopicReader
from stream.replay.tenants import Tenants
from stream.scoring import RowCodec
from stream.settings import Settings
from stream.table import CONTROL_KEY
from stream.topics import table_changelog

REPORT_ROWS = 5000

_CODEC = RowCodec()


class States(NamedTuple):
    """The states of a tenant's contacts, to be scored by a model (a JSON document) instead of the one in force."""

    settings: Settings
    tenant: str
    document: bytes
    limit: int

    @property
    def topic(self) -> str:
        """The changelog."""
        return table_changelog("scoring", self.settings).name

    def partitions(self) -> int:
        """How many partitions there are."""
        with closing(TopicReader(self.settings, [self.topic])) as reader:
            return reader.partitions

    def size(self) -> int:
        """About how many records are to be read."""
        with closing(TopicReader(self.settings, [self.topic])) as reader:
            return reader.count()

    def compare(self, partition: int, advance: Advance) -> tuple[Comparison, frozenset[str]]:
        """Compare the contacts of a partition: what was found, and the tenants that it has had."""
        tenants = Tenants()
        rows = self._latest(partition, advance, tenants)
        control = _control(rows)
        fold = PartitionFold(control, _documents(rows, control, self.tenant))
        old, new = fold.model(self.tenant, control.offset), parse_model(self.document)
        found = self._compared(rows, control.now, old, new)
        found.not_previewed = not_previewed(fold.document(self.tenant), self.document)
        return found, tenants.seen

    def _compared(self, rows: dict[bytes, bytes], now: int, old: HealthModel, new: HealthModel) -> Comparison:
        comparing, prefix = Comparing(old, new, self.limit), f"{self.tenant}/".encode()
        for key, stored in rows.items():
            if key.startswith(prefix):
                row = _CODEC.decode(stored)
                if isinstance(row, ContactState):
                    comparing.compare(split_key(key), row, max(now, row.now))
        return comparing.done()

    def _latest(self, partition: int, advance: Advance, tenants: Tenants) -> dict[bytes, bytes]:
        """The latest value of each key: about 1 KB of memory a contact of the partition. The plane's own stay out."""
        rows: dict[bytes, bytes] = {}
        prefix = f"{self.tenant}/".encode()
        with closing(TopicReader(self.settings, [self.topic])) as reader:
            for number, message in enumerate(reader.all(partition), 1):
                key, value = message.key() or b"", message.value()
                if key > BEHIND:
                    tenants.note(key)
                if value is None:
                    rows.pop(key, None)
                elif key == CONTROL_KEY or key.startswith((prefix, MODELS)):
                    rows[key] = value
                if number % REPORT_ROWS == 0:
                    advance(REPORT_ROWS)
        return rows


def _documents(rows: dict[bytes, bytes], control: ControlRow, tenant: str) -> DocumentsInMemory:
    """The documents of the tenant's models."""
    documents = DocumentsInMemory()
    for one in control.models.get(tenant, ()):
        row = _CODEC.decode(rows[document_key(tenant, one.digest)])
        assert isinstance(row, ModelRow)
        documents.put(tenant, one.digest, row.document)
    return documents


def _control(rows: dict[bytes, bytes]) -> ControlRow:
    stored = rows.get(CONTROL_KEY)
    row = None if stored is None else _CODEC.decode(stored)
    return row if isinstance(row, ControlRow) else ControlRow()
