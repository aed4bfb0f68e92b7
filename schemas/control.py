"""Events of `health.control`: what people and administrators decide."""

from typing import Annotated, Literal

import msgspec

from schemas.base import Band, ContactEvent, Event, EventId, Name, SentimentLabel, SubjectId, UtcTime
from schemas.messages import MAX_TEXT_CHARACTERS

# The specification names three (and danger); healthy is a person's word too: that all is well, whatever is computed.
OverrideBand = Literal["champion", "healthy", "needs_attention", "at_risk", "danger"]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class SubjectEvent(Event, frozen=True, kw_only=True, gc=False):
    """An event about a contact or an account: exactly one of the two is named."""

    contact: SubjectId | None = None
    account: SubjectId | None = None

    def __post_init__(self) -> None:
        if (self.contact is None) == (self.account is None):
            raise ValueError("exactly one of contact and account must be given")


class OverrideSet(SubjectEvent, frozen=True, kw_only=True, gc=False, tag="override.set"):
    """A person sets a subject's band by hand, until `expires_at` if given. `danger` is another name for at_risk."""

    band: OverrideBand
    reason: Reason
    author: SubjectId
    expires_at: UtcTime | None = None

    @property
    def health_band(self) -> Band:
        """The band meant."""
        return "at_risk" if self.band == "danger" else self.band


class OverrideCleared(SubjectEvent, frozen=True, kw_only=True, gc=False, tag="override.cleared"):
    """The override ends."""

    author: SubjectId


class SentimentCorrected(ContactEvent, frozen=True, kw_only=True, gc=False, tag="sentiment.corrected"):
    """An agent says how a message really reads, perhaps before it arrives. The text goes no further than intake."""

    message: SubjectId
    label: SentimentLabel
    author: SubjectId
    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARACTERS)] | None = None


class ModelPublished(Event, frozen=True, kw_only=True, gc=False, tag="model.published"):
    """A health model of the tenant takes effect. `model` is the document (see `models.health.model`)."""

    version: EventId
    model: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object"})]
    author: SubjectId


class ContactErased(ContactEvent, frozen=True, kw_only=True, gc=False, tag="contact.erased"):
    """Everything known of a contact is to be forgotten."""


class ContactRestored(ContactEvent, frozen=True, kw_only=True, gc=False, tag="contact.restored"):
    """An erased contact may be known again, from now on."""


class ContactMerged(ContactEvent, frozen=True, kw_only=True, gc=False, tag="contact.merged"):
    """`contact` is the same person as `into`, and is known by that id from now on."""

    into: SubjectId

    def __post_init__(self) -> None:
        if self.into == self.contact:
            raise ValueError("a contact cannot be merged into itself")


class TenantRegistered(Event, frozen=True, kw_only=True, gc=False, tag="tenant.registered"):
    """Events of this tenant are accepted from now on. `card_enabled`: its agents may see the health card."""

    name: Name | None = None
    card_enabled: bool = True


class HistoryStarted(Event, frozen=True, kw_only=True, gc=False, tag="history.started"):
    """An import of history begins: no live clock until it is finished, so that the past is not aged to today."""


class HistoryFinished(Event, frozen=True, kw_only=True, gc=False, tag="history.finished"):
    """The import of history is complete: the live clock goes on."""


Control = (
    OverrideSet
    | OverrideCleared
    | SentimentCorrected
    | ModelPublished
    | ContactErased
    | ContactRestored
    | ContactMerged
    | TenantRegistered
    | HistoryStarted
    | HistoryFinished
)
