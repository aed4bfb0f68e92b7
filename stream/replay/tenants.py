"""The tenants of what was read: one that is misspelt must not pass for one whose contacts stay as they are."""

from collections.abc import Set

from stream.errors import ConfigurationError

NAMED = 10


class Tenants:
    """Notes the tenants of keys as they go by."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def note(self, key: bytes) -> bool:
        """Note a key. It is wanted: this can be the filter of a fold."""
        self._seen.add(key.partition(b"/")[0])
        return True

    @property
    def seen(self) -> frozenset[str]:
        """Those that were noted."""
        return frozenset(tenant.decode(errors="replace") for tenant in self._seen)


def require_tenant(tenant: str, seen: Set[str], where: str) -> None:
    """Raise `ConfigurationError` for a tenant that is not among those `seen`: it names some of them."""
    if tenant in seen:
        return
    named = ", ".join(sorted(seen)[:NAMED])
    more = f" and {len(seen) - NAMED:,} more" if len(seen) > NAMED else ""
    others = f"only of {named}{more}" if seen else "nor of any other tenant"
    raise ConfigurationError(f"{where} has nothing of tenant {tenant!r}, {others}: correct --tenant")
