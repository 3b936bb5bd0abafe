"""Rounds: made while this process leads, whatever one of them meets."""

from __future__ import annotations

import threading

from sqlalchemy.exc import OperationalError

from nas_service.rounds import Rounds

WAIT_S = 30


def test_rounds_go_on_after_what_goes_wrong() -> None:
    done = threading.Event()
    errors = [OperationalError("", None, Exception("away")), ValueError("wrong")]

    def work() -> None:
        if errors:
            raise errors.pop()
        done.set()

    rounds = Rounds("work", work, 0.01, lambda: True)
    rounds.start()
    assert done.wait(WAIT_S)
    rounds.stop()
    assert rounds.stopping.is_set()


def test_who_does_not_lead_does_nothing() -> None:
    asked, made = threading.Event(), []

    def leads() -> bool:
        asked.set()
        return False

    rounds = Rounds("work", lambda: made.append(1), 0.01, leads)
    rounds.start()
    assert asked.wait(WAIT_S)
    rounds.stop()
    assert made == []


def test_rounds_that_never_began_can_be_stopped() -> None:
    Rounds("work", lambda: None, 0.01, lambda: True).stop()
