"""What comes of a signal, a tick or a model for one contact: which records go out, and what is to be written."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from models.health.facts.sections import NOTHING
from models.health.merge import Forward
from schemas.base import Band
from schemas.scores import AlertRaised, BandChanged, ContactForgotten, ScoreClosed, ScoreUpdated
from schemas.signals import AccountSignal


class Subject(Protocol):
    """Whose row it is."""

    @property
    def tenant(self) -> str:
        """The tenant."""

    @property
    def contact(self) -> str:
        """The contact's id."""


class Gone(msgspec.Struct, gc=False):
    """What comes of a contact that is no more. `forward`: an entry for the contact that it was merged into; `receipt`:
    it was erased just now; `erased`: contacts of whom no name and no text may stay; `forgotten`: it was erased, and the
    fact was dropped. `named`, `quoted`: the name or the example's text that intake has written under this contact's key
    with the fact is to be deleted again.
    """

    forward: Forward | None = None
    receipt: ContactForgotten | None = None
    erased: tuple[str, ...] = ()
    forgotten: bool = False
    named: bool = False
    quoted: bool = False


class Reaction(msgspec.Struct, gc=False):
    """What comes of a signal. `changed`: the row must be written. `tombstone`: the contact has no score any more, and
    its compacted outputs are to be deleted; `tombstone_of` is the band it was published in. `gone`: of an alias or an
    erased contact. `sections` of the row have changed; `members` is what accounts are told
    (`models.health.accounts.contribution`).
    """

    score: ScoreUpdated | None = None
    band: BandChanged | None = None
    close: ScoreClosed | None = None
    tombstone: bool = False
    tombstone_of: Band | None = None
    changed: bool = False
    gone: Gone | None = None
    sections: int = NOTHING
    members: Sequence[AccountSignal] = ()
    alerts: Sequence[AlertRaised] = ()
