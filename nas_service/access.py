"""API keys: what one looks like, what is kept of it, and what its holder may do.

A key is `nas_ID_SECRET`. The id is public and names the row; the secret is 256 random bits, which nobody guesses, so a
fast hash of it is safe to keep. The slow ones are for passwords, which people choose.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from .errors import ServiceError
from .store import Key

LONGEST_OWNER = 100
_ALPHABET = string.ascii_lowercase + string.digits
_FORM = re.compile(r"nas_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")
_NO_HASH = "0" * 64


class Scope(StrEnum):
    """What a key is good for. Of the first three each includes those before it.

    `MEASURE` is for an agent, on a device that anybody may hold in his hand: it hands out what there is to measure and
    takes in what was measured, and shows nothing else.
    """

    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"
    MEASURE = "measure"

    def covers(self, other: Scope) -> bool:
        if Scope.MEASURE in {self, other}:
            return self in {other, Scope.ADMIN}
        order = list(Scope)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class Caller:
    """Who sent a request. `key` is what was shown, empty where the service asks for none."""

    owner: str
    scope: Scope
    key: str = field(default="", repr=False)

    def may_change(self, owner: str) -> bool:
        """Whether this owner's jobs are the caller's to change."""
        return self.scope is Scope.ADMIN or (self.scope.covers(Scope.SUBMIT) and self.owner == owner)


ANYBODY = Caller("", Scope.ADMIN)  # of a service without keys


def make(owner: str, scope: Scope, at: float, expires_at: float | None) -> tuple[Key, str]:
    """A new key: what is kept of it, and the key itself. Raises ServiceError for an owner that is no name."""
    if not (0 < len(owner) <= LONGEST_OWNER and owner.isprintable() and owner == owner.strip()):
        raise ServiceError(f"an owner has 1 to {LONGEST_OWNER} printable characters, no spaces around them", "owner")
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    key = f"nas_{key_id}_{secrets.token_urlsafe(32)}"
    return Key(key_id, _hash(key), owner, scope.value, at, expires_at), key


def id_of(key: str) -> str | None:
    """The public part; None for text that is no key."""
    found = _FORM.fullmatch(key)
    return found[1] if found else None


def opens(key: str, kept: Key | None, at: float) -> bool:
    """Whether this is the key that was kept, and holds. How long it takes tells nothing of the secret."""
    same = hmac.compare_digest(_hash(key), kept.hash if kept else _NO_HASH)
    return same and kept is not None and kept.holds(at)


def _hash(key: str) -> str:
    return blake2b(key.encode(), digest_size=32).hexdigest()
