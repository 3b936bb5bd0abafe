"""API keys and scopes, without a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nas_service import access
from nas_service.access import Caller, Scope
from nas_service.errors import ServiceError


def test_of_a_key_nothing_is_kept_that_would_open() -> None:
    kept, key = access.make("ann", Scope.READ, 1.0, None)
    assert access.id_of(key) == kept.id
    secret = key.removeprefix(f"nas_{kept.id}_")
    assert len(secret) == 43
    assert secret not in repr(kept) + kept.hash
    assert access.opens(key, kept, 1.0)
    assert not access.opens(kept.hash, kept, 1.0)


def test_no_two_keys_are_alike() -> None:
    assert len({access.make("ann", Scope.READ, 1.0, None)[1] for _ in range(100)}) == 100


def test_what_does_not_open() -> None:
    kept, key = access.make("ann", Scope.READ, 1.0, 10.0)
    other = access.make("ann", Scope.READ, 1.0, 10.0)[1]
    assert access.opens(key, kept, 9.0)
    assert not access.opens(key, kept, 10.0)
    assert not access.opens(key, replace(kept, revoked_at=5.0), 9.0)
    assert not access.opens(other, kept, 9.0)
    assert not access.opens(f"nas_{kept.id}_{other[-43:]}", kept, 9.0)
    assert not access.opens(key, None, 9.0)


@pytest.mark.parametrize(
    "text", ["", "nas_", "nas_abcdefgh", "nas_abcdefgh_short", "NAS_abcdefgh_" + "x" * 43, "é" * 60]
)
def test_text_that_is_no_key_has_no_id(text: str) -> None:
    assert access.id_of(text) is None


@pytest.mark.parametrize("owner", ["", " ", " ann", "ann\n", "a" * 101, "\0"])
def test_an_owner_that_is_no_name_is_refused(owner: str) -> None:
    with pytest.raises(ServiceError, match="owner"):
        access.make(owner, Scope.READ, 1.0, None)


def test_each_scope_includes_those_before_it() -> None:
    assert [[a.covers(b) for b in Scope] for a in Scope] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, True],
        [False, False, False, True],  # an agent's key measures, and reads nothing
    ]


@pytest.mark.parametrize(
    ("scope", "own", "others"),
    [(Scope.READ, False, False), (Scope.SUBMIT, True, False), (Scope.ADMIN, True, True)],
)
def test_jobs_are_changed_by_their_owner_or_an_admin(scope: Scope, own: bool, others: bool) -> None:
    caller = Caller("ann", scope, "secret")
    assert (caller.may_change("ann"), caller.may_change("bob"), caller.may_change("")) == (own, others, others)
    assert "secret" not in repr(caller)
