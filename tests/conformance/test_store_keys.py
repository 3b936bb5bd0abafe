"""API keys as the store keeps them, on both databases."""

from __future__ import annotations

import pytest

from nas_service.errors import NotFound
from nas_service.store import Key, Store, keys

FIRST = Key("a", "hash a", "ann", "submit", created_at=1.0, expires_at=None)
SECOND = Key("b", "hash b", "bob", "read", created_at=2.0, expires_at=10.0)


@pytest.fixture
def kept(store: Store) -> Store:
    with store.write() as conn:
        for key in (SECOND, FIRST):
            keys.add(conn, key)
    return store


def test_keys_are_found_and_listed_oldest_first(kept: Store) -> None:
    with kept.read() as conn:
        assert keys.find(conn, "b") == SECOND
        assert keys.find(conn, "c") is None
        assert keys.listed(conn) == [FIRST, SECOND]


def test_a_key_holds_until_it_expires_or_is_revoked(kept: Store) -> None:
    with kept.write() as conn:
        keys.revoke(conn, "a", 5.0)
        keys.revoke(conn, "a", 6.0)
        revoked, expires = keys.listed(conn)
    assert revoked.revoked_at == 5.0
    assert not revoked.holds(5.0)
    assert [expires.holds(at) for at in (9.9, 10.0)] == [True, False]
    assert FIRST.holds(1e12)


def test_revoking_no_key_is_refused(kept: Store) -> None:
    with kept.write() as conn, pytest.raises(NotFound, match="nas key list"):
        keys.revoke(conn, "c", 5.0)


def test_there_were_keys_even_when_all_are_revoked(store: Store) -> None:
    with store.write() as conn:
        assert not keys.exist(conn)
        keys.add(conn, FIRST)
        keys.revoke(conn, "a", 5.0)
        assert keys.exist(conn)


def test_the_last_use_is_known_to_the_minute_and_never_goes_back(kept: Store) -> None:
    with kept.write() as conn:
        assert not keys.is_fresh(FIRST, 100.0)
        for at in (100.0, 90.0):
            keys.used(conn, "a", at)
        key = keys.find(conn, "a")
    assert key is not None
    assert key.used_at == 100.0
    assert [keys.is_fresh(key, at) for at in (100.0, 159.0, 160.0)] == [True, True, False]


def test_what_is_kept_is_not_shown_with_its_hash() -> None:
    assert "hash a" not in repr(FIRST)
