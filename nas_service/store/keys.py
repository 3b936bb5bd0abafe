"""API keys: made, looked up at every request, listed, revoked. No row is ever deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from nas_service.errors import NotFound

from .records import Key
from .schema import keys

USED_EVERY_S = 60  # how exactly the last use is known: a write at every request would queue behind the searches

_COLUMNS = [keys.c[field.name] for field in fields(Key)]
_FIND = select(*_COLUMNS).where(keys.c.id == bindparam("key"))
_EXIST = select(keys.c.id).limit(1)


def add(conn: Connection, key: Key) -> None:
    conn.execute(insert(keys), asdict(key))


def find(conn: Connection, key_id: str) -> Key | None:
    row = conn.execute(_FIND, {"key": key_id}).first()
    return None if row is None else Key(*row)


def exist(conn: Connection) -> bool:
    """Whether there ever was one, be it revoked or expired by now."""
    return conn.execute(_EXIST).first() is not None


def listed(conn: Connection) -> Sequence[Key]:
    """All, oldest first."""
    query = select(*_COLUMNS).order_by(keys.c.created_at, keys.c.id)
    return [Key(*row) for row in conn.execute(query)]


def revoke(conn: Connection, key_id: str, at: float) -> None:
    """From now on it opens nothing; doing it twice is doing it once. Raises NotFound for an id that is none."""
    if find(conn, key_id) is None:
        raise NotFound(f"there is no key {key_id!r}; `nas key list` lists those that there are")
    conn.execute(update(keys).where(keys.c.id == key_id, keys.c.revoked_at.is_(None)).values(revoked_at=at))


def is_fresh(key: Key, at: float) -> bool:
    """Whether its last use is known exactly enough."""
    return key.used_at is not None and abs(at - key.used_at) < USED_EVERY_S


def used(conn: Connection, key_id: str, at: float) -> None:
    """Note the time of its last use."""
    later = or_(keys.c.used_at.is_(None), keys.c.used_at < at)
    conn.execute(update(keys).where(keys.c.id == key_id, later).values(used_at=at))
