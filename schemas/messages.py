"""Events of `support.messages`."""

from typing import Annotated

import msgspec

from schemas.base import AuthorKind, ContactEvent, Name, SentimentLabel, Share, SubjectId, Tone

MAX_TEXT_CHARACTERS = 1_000_000


class MessageFacts(ContactEvent, frozen=True, kw_only=True, gc=False):
    """A message of a customer, an agent, a bot or a system, but for its text. `contact` is the customer's side."""

    message: SubjectId
    author: AuthorKind
    conversation: SubjectId | None = None
    ticket: SubjectId | None = None
    channel: Name | None = None


class MessageCreated(MessageFacts, frozen=True, kw_only=True, gc=False, tag="message.created"):
    """A message with its text (plain or HTML). The text goes no further than intake."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARACTERS)] = ""


class MessageClassified(MessageFacts, frozen=True, kw_only=True, gc=False, tag="message.classified"):
    """What the log keeps of a message: its facts and how it reads, never its text.

    `label` is None for a message that says nothing of sentiment (an agent's, an empty one, an unknown language);
    `unclassified_because` then says why.
    """

    label: SentimentLabel | None = None
    confidence: Share | None = None
    tones: tuple[Tone, ...] = ()
    unclassified_because: Name | None = None
    classifier: Name | None = None


SupportMessage = MessageCreated
