"""The log folded twice, by the models in force and by another one: what would have been different since a day."""

from typing import NamedTuple

import msgspec

from models.health.model import parse_model
from schemas.keys import split_key
from stream.parallel import Advance
from stream.preview.comparing import Comparing, Comparison, not_previewed
from stream.replay.census import Census, Period
from stream.replay.folding import Chosen, Folding
from stream.replay.log import Log
from stream.replay.running import fold_until
from stream.replay.tenants import Tenants


class Histories(msgspec.Struct):
    """Counts by the models in force and by the other one, and the contacts compared at the end of the log."""

    in_force: Census
    model: Census
    end: Comparison

    def add(self, other: "Histories") -> None:
        """Add what was counted elsewhere."""
        self.in_force.add(other.in_force)
        self.model.add(other.model)
        self.end.add(other.end)


class Since(NamedTuple):
    """A model (a JSON document) for a tenant, over the log, counted from a moment (UTC ms) on."""

    log: Log
    chosen: Chosen
    first: int
    period: Period
    limit: int

    def empty(self) -> Histories:
        """Nothing counted yet."""
        return Histories(Census(self.period, self.first), Census(self.period, self.first), Comparison())

    def compare(self, partition: int, advance: Advance) -> tuple[Histories, frozenset[str]]:
        """Fold a partition by both: what was found, and the tenants that it has."""
        found, tenants = self.empty(), Tenants()
        with self._folding(partition, self.chosen, tenants) as folding:
            fold_until(folding, self.log, None, found.model.take, lambda _: None)
        with self._folding(partition, None, tenants) as folding:
            fold_until(folding, self.log, None, found.in_force.take, advance)
            old, new, now = folding.model(self.chosen.tenant), parse_model(self.chosen.document), folding.control().now
            comparing = Comparing(old, new, self.limit)
            for key, row in folding.rows():
                comparing.compare(split_key(key), row, max(now, row.now))
            found.end = comparing.done()
            found.end.not_previewed = not_previewed(folding.document(self.chosen.tenant), self.chosen.document)
        return found, tenants.seen

    def _folding(self, partition: int, chosen: Chosen | None, tenants: Tenants) -> Folding:
        prefix = f"{self.chosen.tenant}/".encode()

        def wanted(key: bytes) -> bool:
            return tenants.note(key) and key.startswith(prefix)

        return Folding(partition, chosen, wanted, hand_on=not self.log.hands_on)
