"""Keys of records, and the partition that a key belongs to.

A key is `tenant/id` of a contact or an account, or `tenant/kind/id` where subjects of several kinds share a topic. A
tenant has no `/`, so a key is split at the first one; an id may have any number of them.
"""

from struct import unpack_from

_M = 0x5BD1E995
_SEED = 0x9747B28C
_MASK = 0xFFFFFFFF


def contact_key(tenant: str, contact: str) -> bytes:
    """The key of a contact's records: `tenant/contact`."""
    return f"{tenant}/{contact}".encode()


def account_key(tenant: str, account: str) -> bytes:
    """The key of an account's records: `tenant/account`."""
    return f"{tenant}/{account}".encode()


def subject_key(tenant: str, kind: str, subject: str) -> bytes:
    """The key `tenant/kind/id` of topics where a contact and an account of one id must not replace each other.

    `kind` is contact or account (`health.profiles`), or csm, team, division or organisation (portfolios).
    """
    return f"{tenant}/{kind}/{subject}".encode()


def portfolio_key(tenant: str, portfolio: str) -> bytes:
    """The key of a portfolio's records; `portfolio` is kind/id."""
    return f"{tenant}/{portfolio}".encode()


def split_key(key: bytes) -> tuple[str, str]:
    """Tenant and the rest of a key. ValueError if it has no `/` or is not UTF-8."""
    tenant, slash, rest = key.decode().partition("/")
    if not slash:
        raise ValueError("a key is tenant/id, and this one has no '/'")
    return tenant, rest


def murmur2(data: bytes) -> int:
    """The 32-bit hash (unsigned) that Kafka's Java client chooses partitions by (`Utils.murmur2`)."""
    length = len(data)
    whole = length // 4
    h = _SEED ^ length
    for k in unpack_from(f"<{whole}I", data):
        k = k * _M & _MASK
        k = (k ^ k >> 24) * _M & _MASK
        h = h * _M & _MASK ^ k
    if length % 4:
        h = (h ^ int.from_bytes(data[whole * 4 :], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


def partition_for(key: bytes, partitions: int) -> int:
    """The partition of a key, as Java's client and librdkafka's `murmur2_random` choose it: `toPositive(murmur2) %
    n`.
    """
    return (murmur2(key) & 0x7FFFFFFF) % partitions
