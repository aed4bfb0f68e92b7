"""What comes of a contact that is erased or merged into another one, and of facts about it from then on."""

from models.health import records
from models.health.apply import apply, is_forgotten
from models.health.merge import MAX_HOPS, hand_over, pass_on
from models.health.publish import remove_score
from models.health.reaction import Gone, Reaction, Subject
from models.health.state import ContactState, Published, decode
from schemas.base import to_milliseconds
from schemas.control import ContactErased, ContactMerged, ContactRestored, SentimentCorrected
from schemas.profiles import ContactUpdated
from schemas.signals import ContactAbsorbed, ContactFact, Signal

_OF_LIFE = (ContactErased, ContactRestored)


def of_the_gone(state: ContactState, subject: Subject, signal: Signal, now: int) -> Reaction | None:
    """What comes of a fact about an alias, or of one that an erased contact must not be known by; None for others."""
    fact: ContactFact = signal.fact  # type: ignore[assignment]
    if state.merged_into is not None and signal.hops >= MAX_HOPS:
        state.merged_into = None  # a circle of aliases: this one stands for itself again, so that nothing is lost
    if state.merged_into is not None and not isinstance(fact, ContactMerged):
        gone = Gone(pass_on(state.merged_into.contact, subject.contact, signal))
        _unwrite(gone, signal)  # no score is shown under this name, and an erasure may not know of it any more
        reaction = Reaction(changed=True, gone=gone)
        state.now = now
        if isinstance(fact, ContactErased) and apply(state, fact, subject.contact, now):
            remove_score(reaction, state, None)
            gone.receipt = records.contact_forgotten(subject.tenant, subject.contact, (), state, signal)
            gone.erased = (subject.contact,)
        return reaction
    if not isinstance(fact, _OF_LIFE) and is_forgotten(state, to_milliseconds(fact.occurred_at)):
        state.now = now
        gone = Gone(forgotten=True)
        if isinstance(fact, ContactAbsorbed):  # no receipt will ever tell of these names
            gone.erased = (fact.absorbed, *sorted(decode(fact.facts).absorbed))
        _unwrite(gone, signal)
        return Reaction(changed=True, gone=gone)
    return None


def go(
    reaction: Reaction,
    state: ContactState,
    subject: Subject,
    signal: Signal,
    before: Published | None,
    aliases: tuple[str, ...],
) -> None:
    """The contact was erased or merged."""
    if isinstance(signal.fact, ContactMerged):
        reaction.gone = Gone(hand_over(state, subject.tenant, subject.contact, signal))
    else:
        receipt = records.contact_forgotten(subject.tenant, subject.contact, aliases, state, signal)
        reaction.gone = Gone(receipt=receipt, erased=(subject.contact, *aliases))
    remove_score(reaction, state, before)


def _unwrite(gone: Gone, signal: Signal) -> None:
    """What intake has written with a fact is to go again. What an alias passed on was written under its own key."""
    if not signal.hops:
        gone.named = isinstance(signal.fact, ContactUpdated)
        gone.quoted = isinstance(signal.fact, SentimentCorrected)
