"""All the other stories: chats, changed profiles, and what people decide by hand."""

from msgspec.structs import replace

from schemas.base import from_milliseconds
from schemas.control import ContactErased, ContactMerged, ContactRestored, OverrideBand, OverrideCleared, OverrideSet
from stream.simulate.desk import Desk, Happening, Story, Thread
from stream.simulate.rhythm import DAY, MINUTE, SECOND

_BANDS: tuple[OverrideBand, ...] = ("at_risk", "danger", "needs_attention", "champion")


def chat(desk: Desk, contact: int, at: int) -> Story:
    """A chat of some minutes: a bot greets, customer and agent take turns."""
    yield from desk.introduce(contact, at)
    conversation = f"v{desk.number()}" if desk.chance(0.9) else None
    thread = Thread(contact, "chat", desk.texts.topic(), conversation)
    if desk.chance(0.4):
        yield desk.message(thread, at, "bot")
    for _ in range(1 + int(desk.rng.expovariate(0.4))):
        at += desk.delay(40 * SECOND)
        yield desk.message(thread, at, "customer")
        waited = desk.delay(70 * SECOND)
        at += waited
        yield desk.message(thread, at, "agent")
        desk.people.feel(contact, 0.05 if waited < 2 * MINUTE else -0.05)


def contact_changed(desk: Desk, contact: int, at: int) -> Story:
    """A contact's profile again."""
    yield from desk.introduce(contact, at)
    yield at + 1, desk.people.profile(f"e{desk.number()}", contact, at + 1)


def account_changed(desk: Desk, contact: int, at: int) -> Story:
    """An account with more or fewer seats."""
    yield from desk.introduce(contact, at)
    growth = desk.rng.uniform(-0.4, 0.6)
    yield at + 1, desk.people.account_profile(f"e{desk.number()}", contact, at + 1, growth)


def overridden(desk: Desk, contact: int, at: int) -> Story:
    """A person sets a band by hand, at times a whole account's; it expires, is taken back, or stays."""
    yield from desk.introduce(contact, at)
    author = desk.people.csm(contact)
    account = desk.people.account(contact) if desk.chance(0.15) else None
    yield _of(
        account,
        desk.event(
            OverrideSet,
            contact,
            at,
            band=desk.pick(_BANDS),
            reason="They told me on the phone.",
            author=author,
            expires_at=from_milliseconds(at + desk.delay(5 * DAY)) if desk.chance(0.5) else None,
        ),
    )
    if desk.chance(0.4):
        at += desk.delay(3 * DAY)
        yield _of(account, desk.event(OverrideCleared, contact, at, author=author))


def _of(account: str | None, happening: tuple[int, OverrideSet | OverrideCleared]) -> Happening:
    at, word = happening
    return at, word if account is None else replace(word, contact=None, account=account)


def erased(desk: Desk, contact: int, at: int) -> Story:
    """A contact asks to be forgotten, and sometimes comes back."""
    yield from desk.introduce(contact, at)
    yield desk.event(ContactErased, contact, at)
    if desk.chance(0.5):
        at += desk.delay(4 * DAY)
        yield desk.event(ContactRestored, contact, at)


def merged(desk: Desk, contact: int, at: int) -> Story:
    """Two contacts turn out to be one person."""
    into = desk.people.colleague(contact)
    yield from desk.introduce(contact, at)
    if into < contact:  # only ever this way: merges close no circle
        yield from desk.introduce(into, at)
        yield desk.event(ContactMerged, contact, at, into=desk.people.name(into))
