"""Who writes to the helpdesk: contacts in accounts, in tenants, each with a mood that moves.

A contact is a number below `contacts`; all that is known of it follows from that number, or is kept in flat arrays, so
that a million of them cost little.
"""

from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from schemas.base import from_milliseconds
from schemas.profiles import AccountUpdated, ContactUpdated

MEMBERS = 6
_CSM_ACCOUNTS = 20
_FIRST_NAMES = ("Ada", "Bruno", "Chiara", "Dario", "Elif", "Farid", "Greta", "Hana", "Ines", "Jonas", "Kemal", "Lena")
_LAST_NAMES = (
    "Abel",
    "Bianchi",
    "Costa",
    "Dvorak",
    "Esposito",
    "Ferrari",
    "Gallo",
    "Hoxha",
    "Ivanov",
    "Jansen",
    "Lind",
)
_ROLES = ("Buyer", "Developer", "Head of Operations", "IT Manager", "Managing Director", "Office Manager", "Secretary")
_PLANS = ("Starter", "Team", "Business", "Enterprise")


class People:
    """The contacts and accounts of a simulated helpdesk."""

    def __init__(self, rng: Random, contacts: int, tenants: Sequence[str], start: datetime) -> None:
        self._rng = rng
        self._tenants = tuple(tenants)
        self._start = start.astimezone(UTC)
        self.contacts = contacts
        accounts = (contacts + MEMBERS - 1) // MEMBERS
        self._seen = bytearray(contacts)
        self._account_seen = bytearray(accounts)
        self._nature = array("f", (rng.gauss(0.2, 0.45) for _ in range(accounts)))
        self._base = array("f", self._nature)
        self._mood = array("f", bytes(4 * contacts))

    def any_contact(self) -> int:
        """Somebody, some much more often than others."""
        return int(self.contacts * self._rng.random() ** 1.3)

    def colleague(self, contact: int) -> int:
        """Somebody of the same account: the contact itself where there is nobody else."""
        first = contact - contact % MEMBERS
        last = min(first + MEMBERS, self.contacts)
        return first + (contact - first + 1 + int(self._rng.random() * (last - first - 1))) % (last - first)

    def name(self, contact: int) -> str:
        """The contact's id."""
        return f"c{contact:06d}"

    def account(self, contact: int) -> str:
        """The id of the contact's account."""
        return f"a{contact // MEMBERS:05d}"

    def tenant(self, contact: int) -> str:
        """The tenant of the contact's account."""
        return self._tenants[contact // MEMBERS % len(self._tenants)]

    def csm(self, contact: int) -> str:
        """The customer success manager of the contact's account."""
        return f"csm{contact // MEMBERS // _CSM_ACCOUNTS:03d}"

    def meet(self, contact: int) -> tuple[bool, bool]:
        """Whether the contact, and its account, are seen for the first time: then their profiles are due."""
        first = not self._seen[contact]
        first_of_account = not self._account_seen[contact // MEMBERS]
        if first:
            self._seen[contact] = self._account_seen[contact // MEMBERS] = 1
            self._mood[contact] = self._base[contact // MEMBERS] + self._rng.gauss(0.0, 0.3)
        return first, first_of_account

    def mood(self, contact: int) -> float:
        """How the contact feels now: -1 furious, 0 neutral, 1 delighted."""
        return self._mood[contact]

    def feel(self, contact: int, push: float) -> None:
        """Something happened: it moves the contact's mood, which drifts back to the account's, which drifts too."""
        account = contact // MEMBERS
        base = self._base[account]
        base += 0.03 * (self._nature[account] - base) + self._rng.gauss(0.0, 0.05)
        self._base[account] = base = max(-0.95, min(0.95, base))
        mood = self._mood[contact]
        self._mood[contact] = max(-1.2, min(1.2, mood + push + 0.15 * (base - mood)))

    def profile(self, event_id: str, contact: int, at: int) -> ContactUpdated:
        """The contact's profile, mostly the same each time."""
        chance = Random(contact)
        since = self._start - timedelta(days=chance.randrange(10, 2500))
        return ContactUpdated(
            event_id=event_id,
            occurred_at=from_milliseconds(at),
            tenant=self.tenant(contact),
            contact=self.name(contact),
            name=f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}",
            account=self.account(contact),
            customer_since=since,
            role=chance.choice(_ROLES),
            decision_maker=chance.random() < 0.2,
            in_role_since=min(since + timedelta(days=chance.randrange(300)), self._start)
            if chance.random() < 0.6
            else None,
            csm=self.csm(contact),
            team=f"team{contact // MEMBERS // _CSM_ACCOUNTS % 7}",
            division=("north", "south")[contact // MEMBERS // _CSM_ACCOUNTS % 2],
            attributes={"plan": chance.choice(_PLANS)} if chance.random() < 0.7 else {},
        )

    def account_profile(self, event_id: str, contact: int, at: int, growth: float = 0.0) -> AccountUpdated:
        """The profile of the contact's account; `growth` is the change of its seats (0.2: a fifth more)."""
        chance = Random(-1 - contact // MEMBERS)
        seats = int(chance.lognormvariate(3.0, 1.0) * (1 + growth)) + 1
        return AccountUpdated(
            event_id=event_id,
            occurred_at=from_milliseconds(at),
            tenant=self.tenant(contact),
            account=self.account(contact),
            name=f"{chance.choice(_LAST_NAMES)} & {chance.choice(_LAST_NAMES)}",
            customer_since=self._start - timedelta(days=chance.randrange(100, 3000)),
            renewal_at=self._start + timedelta(days=chance.randrange(5, 365)),
            seats=seats,
            orders=seats // 3,
            last_order_at=from_milliseconds(at) - timedelta(days=chance.randrange(0, 200)),
            csm=self.csm(contact),
        )
