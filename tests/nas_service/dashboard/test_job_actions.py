"""What is offered to do with a job, and what is said to be lost."""

from __future__ import annotations

import pytest
from listed_jobs import listed

from nas_service.access import ANYBODY, Caller, Scope
from nas_service.dashboard.job_actions import losses, offered
from nas_service.store import jobs


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        ("queued", ("pause", "extend", "clone", "cancel")),
        ("running", ("pause", "extend", "clone", "cancel")),
        ("paused", ("resume", "extend", "clone", "cancel")),
        ("finished", ("extend", "clone", "delete")),
        ("exhausted", ("extend", "clone", "delete")),
        ("cancelled", ("clone", "delete")),
        ("failed", ("clone", "delete")),
    ],
)
def test_a_state_allows_what_the_service_would_do(state: str, actions: tuple[str, ...]) -> None:
    job = listed(state=state, final=state in jobs.FINAL)
    assert offered(job, ANYBODY) == actions
    assert ("extend" in actions) == (state in jobs.EXTENSIBLE)


@pytest.mark.parametrize(
    ("caller", "actions"),
    [
        (Caller("ann", Scope.SUBMIT), ("pause", "extend", "clone", "cancel")),
        (Caller("root", Scope.ADMIN), ("pause", "extend", "clone", "cancel")),
        (Caller("bob", Scope.SUBMIT), ("clone",)),
        (Caller("ann", Scope.READ), ()),
    ],
)
def test_what_a_key_may_not_do_is_not_offered(caller: Caller, actions: tuple[str, ...]) -> None:
    assert offered(listed(owner="ann"), caller) == actions


def test_what_is_lost_is_named() -> None:
    said = losses(listed(completed=1, failed=0), 2)
    assert "The results of 1 trial go" in said
    assert "its best candidate j.c3" in said
    assert "its 2 exports" in said
    assert "no exports" in losses(listed(), 0)
    assert "best candidate" not in losses(listed(incumbent=None), 0)
