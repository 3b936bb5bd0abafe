"""Answers that are kept: made once for each state of a job, and shared by those who wait for one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from nas_service.api.kept import LARGE, LONGEST_S, MOST, REST, SLACK, Kept
from nas_service.api.views import Health


class Maker:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Health:
        self.made += 1
        return Health(ready=True, checks={"made": str(self.made)})


class Times:
    """A clock, and the processor time of who asks: a maker that takes `each` seconds of it."""

    def __init__(self, each: float) -> None:
        self.now, self.spent, self.each, self.made = 0.0, 0.0, each, 0
        self.kept = Kept(lambda: self.now, lambda: self.spent)

    def __call__(self) -> int:
        self.spent += self.each
        self.made += 1
        return self.made

    def told(self, reached: int, *, exact: bool = False) -> int:
        return self.kept.get("j", reached, self, exact=exact)


@pytest.mark.parametrize(
    ("before", "after", "exact", "made"),
    [
        (10, 10, True, 1),
        (10, 11, True, 2),
        (10, 11, False, 2),
        (LARGE - 2, LARGE - 1, False, 2),
        (10 * SLACK, 10 * SLACK + 10, False, 1),
        (10 * SLACK, 10 * SLACK + 11, False, 2),
        (10 * SLACK, 10 * SLACK + 1, True, 2),
        (10, 9, False, 2),
        (LARGE + 1, LARGE, False, 2),
    ],
)
def test_an_answer_is_made_anew_when_its_job_has_moved_on(before: int, after: int, exact: bool, made: int) -> None:
    times = Times(each=0.0)
    times.told(before, exact=exact)
    assert times.told(after, exact=exact) == made


def test_an_answer_of_a_large_job_that_runs_rests_for_many_times_what_it_took() -> None:
    times = Times(each=0.1)
    times.told(LARGE)
    times.now = 0.1 * REST - 0.01
    assert times.told(2 * LARGE) == 1
    times.now = 0.1 * REST
    assert times.told(2 * LARGE) == 2


def test_it_rests_no_longer_than_a_viewer_can_wait() -> None:
    times = Times(each=LONGEST_S)
    times.told(LARGE)
    times.now = LONGEST_S
    assert times.told(2 * LARGE) == 2


@pytest.mark.parametrize(("reached", "exact"), [(LARGE - 1, False), (3 * LARGE, True)])
def test_a_small_job_and_one_that_does_not_run_are_told_at_once(reached: int, exact: bool) -> None:
    times = Times(each=0.1)
    times.told(reached - 1, exact=exact)
    assert times.told(reached, exact=exact) == 2


def test_viewers_take_no_more_than_their_share_however_many_ask() -> None:
    times = Times(each=0.1)
    for tenth in range(1000):
        times.now = tenth / 10
        times.told(LARGE + 1000 * tenth)
    assert times.spent <= 100 / REST + 0.1


def test_answers_that_nobody_asked_for_lately_go() -> None:
    kept, make = Kept(), Maker()
    for name in range(MOST):
        kept.get(name, 1, make, exact=True)
    kept.get(0, 1, make, exact=True)
    kept.get("one more", 1, make, exact=True)
    kept.get(0, 1, make, exact=True)
    assert make.made == MOST + 1
    kept.get(1, 1, make, exact=True)
    assert make.made == MOST + 2


def test_who_asks_for_what_is_being_made_waits_for_it() -> None:
    kept, make, together = Kept(), Maker(), Barrier(8)

    def ask(_: int) -> Health:
        together.wait()
        return kept.get("j", 1, make, exact=True)

    with ThreadPoolExecutor(8) as pool:
        assert len({id(answer) for answer in pool.map(ask, range(8))}) == 1
    assert make.made == 1


def test_an_answer_that_could_not_be_made_is_tried_again() -> None:
    kept, make = Kept(), Maker()

    def fail() -> Health:
        raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError):  # noqa: PT011 - it has no words
            kept.get("j", 1, fail, exact=True)
    assert kept.get("j", 1, make, exact=True).ready
