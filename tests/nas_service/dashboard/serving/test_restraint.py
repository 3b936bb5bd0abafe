"""How long pages leave it at what they have looked at: longer, the more of the event loop they take."""

from __future__ import annotations

import pytest

from nas_service.dashboard.serving.restraint import EACH_S, OVER_S, SHARE, USUAL_S, Restraint


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
                self.pause_s = self.restraint.pause_s(self.pages)
            self.now += self.pause_s
        return (self.spent - begun[1]) / (self.now - begun[0])


@pytest.mark.parametrize("look_s", [0.0, 0.01, 2.0])
@pytest.mark.parametrize("pages", [1, 2])
def test_one_page_or_two_are_live_whatever_they_cost(pages: int, look_s: float) -> None:
    loop = Loop(pages, look_s)
    loop.goes_on()
    assert loop.pause_s == USUAL_S


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
    assert loop.pause_s == 50 * EACH_S
    loop.pages = 4
    loop.goes_on(rounds=1)
    assert loop.pause_s == 4 * EACH_S


def test_pages_are_live_again_once_there_is_less_to_do() -> None:
    loop = Loop(50, 0.05)
    loop.goes_on()
    assert loop.pause_s > 10 * USUAL_S
    loop.look_s = 0.0
    loop.goes_on(rounds=10)
    assert loop.pause_s == USUAL_S


def test_a_moment_is_not_enough_to_tell() -> None:
    loop = Loop(50, 0.0)
    loop.goes_on(rounds=1)
    loop.spent += OVER_S / 2
    loop.now += OVER_S / 2 - USUAL_S
    assert loop.restraint.pause_s(50) == USUAL_S
