"""What goes in one message: every report, in order, and none waits for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

import pytest

from workers.dispatchers.bundles import bundled
from workers.requests import Report, ShouldStop

WITHIN_S = 30


def report(epoch: int) -> Report:
    return Report("r", 1, "t0", "progress", epoch)


def never() -> bool:
    return False


def quick(_: ShouldStop) -> Iterator[Report]:
    yield from map(report, range(500))


def test_all_in_order_in_few_messages() -> None:
    messages = list(bundled(quick, never))
    assert [one.epoch for message in messages for one in message] == list(range(500))
    assert len(messages) < 50
    assert all(messages)


def test_what_was_said_is_told_while_the_next_takes_its_time() -> None:
    heard = Event()

    def slow(_: ShouldStop) -> Iterator[Report]:
        yield report(0)
        heard.wait(WITHIN_S)
        yield report(int(heard.is_set()))

    messages = bundled(slow, never)
    assert [one.epoch for one in next(messages)] == [0]
    heard.set()
    assert [one.epoch for message in messages for one in message] == [1]


def until_told(ended: Event) -> Callable[[ShouldStop], Iterator[Report]]:
    """Says one thing and goes on in silence until it should stop."""

    def run(should_stop: ShouldStop) -> Iterator[Report]:
        yield report(0)
        for _ in range(1000 * WITHIN_S):
            if should_stop():
                ended.set()
                return
            Event().wait(0.001)

    return run


def test_a_stop_reaches_the_one_who_makes_reports() -> None:
    ended = Event()
    assert [one.epoch for message in bundled(until_told(ended), lambda: True) for one in message] == [0]
    assert ended.is_set()


def test_closing_waits_for_the_end() -> None:
    ended = Event()
    messages = bundled(until_told(ended), never)
    next(messages)
    messages.close()
    assert ended.is_set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_exception_ends_it() -> None:
    def broken(_: ShouldStop) -> Iterator[Report]:
        yield report(0)
        raise RuntimeError("not to be")

    assert [one.epoch for message in bundled(broken, never) for one in message] == [0]


def test_nothing_said_is_no_message() -> None:
    assert list(bundled(lambda _: iter(()), never)) == []
