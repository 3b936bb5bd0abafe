"""Quotas as the store keeps them."""

from __future__ import annotations

import pytest

from nas_service.errors import NotFound
from nas_service.store import Quota, Store, quotas


def test_a_quota_is_set_replaced_listed_and_removed(store: Store) -> None:
    with store.write() as conn:
        assert quotas.of(conn, "ann", locked=True) == quotas.NONE
        quotas.put(conn, Quota("bob", jobs=1))
        quotas.put(conn, Quota("ann", jobs=2, trials=8))
        quotas.put(conn, Quota("ann", trials=9))
        assert quotas.listed(conn) == [Quota("ann", None, 9), Quota("bob", 1, None)]
        assert quotas.of(conn, "ann", locked=True) == Quota("ann", None, 9)
        quotas.remove(conn, "ann")
        assert quotas.listed(conn) == [Quota("bob", 1, None)]
        with pytest.raises(NotFound, match="ann has no quota"):
            quotas.remove(conn, "ann")
