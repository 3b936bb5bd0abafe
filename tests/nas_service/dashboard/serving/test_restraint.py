"""How long pages leave it at what they have looked at: longer, the more of the processor serving them takes."""

from __future__ import annotations

import threading
import time

import pytest

from nas_service.dashboard.serving.restraint import EACH_S, LONGEST_S, OVER_S, SHARE, USUAL_S, Restraint, Serving


class Loop:
    """An event loop with so many pages, which look together, one after the other, for `look_s` each."""

    def __init__(self, pages: int, look_s: float) -> None:
        self.pages, self.look_s = pages, look_s
        self.now = self.spent = self.pause_s = 0.0
        self.restraint = Restraint(lambda: self.now, lambda: self.spent)

    def goes_on(self, rounds: int = 200) -> float:
        """The share of the processor over so many rounds, in each of which every page looks once."""
        begun = self.now, self.spent
        for _ in range(rounds):
            for _ in range(self.pages):
                self.now, self.spent = self.now + self.look_s, self.spent + self.look_s
                self.restraint.looked()
            self.pause_s = self.restraint.pause_s(self.pages)
            self.now += self.pause_s
        return (self.spent - begun[1]) / (self.now - begun[0])


@pytest.mark.parametrize("pages", [1, 2])
def test_a_page_or_two_that_cost_little_are_live(pages: int) -> None:
    loop = Loop(pages, 0.5 * SHARE / pages)
    loop.goes_on()
    assert loop.pause_s == USUAL_S


@pytest.mark.parametrize("look_s", [0.06, 2.0])
def test_one_page_gives_way_too_but_not_for_long(look_s: float) -> None:
    loop = Loop(1, look_s)
    loop.goes_on()
    assert USUAL_S < loop.pause_s <= LONGEST_S


def test_many_pages_that_cost_little_are_live() -> None:
    loop = Loop(50, 0.5 * SHARE / 50)
    loop.goes_on()
    assert loop.pause_s == USUAL_S


@pytest.mark.parametrize("look_s", [0.003, 0.01])
def test_many_pages_together_take_about_their_share(look_s: float) -> None:
    assert 0.5 * SHARE < Loop(50, look_s).goes_on() < 1.5 * SHARE


def test_no_page_waits_longer_than_there_are_pages() -> None:
    loop = Loop(50, 1.0)
    loop.goes_on()
    assert loop.pause_s == LONGEST_S + 49 * EACH_S
    loop.pages = 4
    loop.goes_on(rounds=1)
    assert loop.pause_s == LONGEST_S + 3 * EACH_S


def test_pages_are_live_again_once_there_is_less_to_do() -> None:
    loop = Loop(50, 0.05)
    loop.goes_on()
    assert loop.pause_s > 10 * USUAL_S
    loop.look_s = 0.0
    loop.goes_on(rounds=10)
    assert loop.pause_s == USUAL_S


def test_pages_that_have_rested_do_not_begin_too_quickly() -> None:
    loop = Loop(50, 0.02)
    loop.goes_on()
    before = loop.pause_s
    loop.now += 3600
    loop.spent += 0.02
    loop.restraint.looked()
    assert loop.restraint.pause_s(50) == pytest.approx(before, rel=0.1)


def test_a_moment_is_not_enough_to_tell() -> None:
    loop = Loop(50, 0.0)
    loop.goes_on(rounds=1)
    loop.spent += OVER_S / 2
    loop.now += OVER_S / 2 - USUAL_S
    loop.restraint.looked()
    assert loop.restraint.pause_s(50) == USUAL_S


def burn(seconds: float) -> None:
    begun = time.thread_time()
    while time.thread_time() - begun < seconds:
        pass


def test_what_threads_that_read_take_is_counted_and_what_others_take_is_not() -> None:
    serving, told, go = Serving(), threading.Event(), threading.Event()

    def work() -> None:
        burn(0.2)
        told.set()
        go.wait()

    for name, counted in (("AnyIO worker thread", True), ("coordinator", False)):
        before = serving.spent()
        told.clear()
        go.clear()
        thread = threading.Thread(target=work, name=name)
        thread.start()
        told.wait()
        burn(0.1)
        spent = serving.spent() - before
        go.set()
        thread.join()
        assert spent >= (0.3 if counted else 0.1)
        assert counted or spent < 0.2


def test_what_was_spent_only_grows_though_threads_end() -> None:
    serving = Serving()
    thread = threading.Thread(target=burn, args=(0.05,), name="AnyIO worker thread 7")
    thread.start()
    before = serving.spent()
    thread.join()
    assert serving.spent() >= before
