"""Which merges are accepted: those that close no circle.

`health.control` has one partition, so every reader comes to the same decision about each merge.
"""

from collections.abc import Iterator

from schemas.base import Event
from schemas.control import ContactErased, ContactMerged

CIRCLE = "this merge would close a circle: the contact that it names already stands for this one"


class Merges:
    """Whom each contact was merged into, by tenant. Feed it all events of `health.control` in their order."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str], ContactMerged] = {}

    def accepts(self, event: Event) -> bool:
        """Take in an event; False for a merge that would let a contact stand, through others, for itself."""
        if isinstance(event, ContactErased):
            self._latest.pop((event.tenant, event.contact), None)
        if not isinstance(event, ContactMerged):
            return True
        known = self._latest.get((event.tenant, event.contact))
        if known is not None and (event.occurred_at, event.event_id) <= (known.occurred_at, known.event_id):
            return True  # an older word, or the same once more, changes nothing
        if event.contact in self.chain(event.tenant, event.into):
            return False
        self._latest[event.tenant, event.contact] = event
        return True

    def chain(self, tenant: str, contact: str) -> Iterator[str]:
        """A contact, the one that it was merged into, and so on."""
        merge: ContactMerged | None
        while True:
            yield contact
            merge = self._latest.get((tenant, contact))
            if merge is None:
                return
            contact = merge.into

    def known_as(self, tenant: str, contact: str) -> set[str]:
        """Every name of a contact: itself, and whoever was merged into it."""
        return {contact} | {
            name for whose, name in self._latest if whose == tenant and contact in self.chain(whose, name)
        }
