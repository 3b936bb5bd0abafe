"""Log-ins of browsers."""

from __future__ import annotations

from searches import Clock

from nas_service.api.sessions import LASTS_S, Sessions


def test_a_session_stands_for_its_key_until_it_ends() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    first, second = sessions.begin("a key"), sessions.begin("another")
    assert first != second
    assert (sessions.key(first), sessions.key(second)) == ("a key", "another")
    sessions.end(first)
    assert (sessions.key(first), sessions.key(second)) == (None, "another")
    clock.now += LASTS_S
    assert sessions.key(second) is None


def test_a_cookie_of_no_session_stands_for_nothing() -> None:
    sessions = Sessions(Clock())
    for cookie in (None, "", "guessed"):
        sessions.end(cookie)
        assert sessions.key(cookie) is None
