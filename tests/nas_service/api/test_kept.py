"""Answers that are kept: made once for each state of a job, and shared by those who wait for one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from nas_service.api.kept import MOST, SLACK, Kept
from nas_service.api.views import Health


class Maker:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Health:
        self.made += 1
        return Health(ready=True, checks={"made": str(self.made)})


@pytest.mark.parametrize(
    ("before", "after", "exact", "made"),
    [
        (10, 10, True, 1),
        (10, 11, True, 2),
        (10, 11, False, 2),
        (10 * SLACK, 10 * SLACK + 10, False, 1),
        (10 * SLACK, 10 * SLACK + 11, False, 2),
        (10 * SLACK, 10 * SLACK + 1, True, 2),
        (10, 9, False, 2),
    ],
)
def test_an_answer_is_made_anew_when_its_job_has_moved_on(before: int, after: int, exact: bool, made: int) -> None:
    kept, make = Kept(), Maker()
    kept.get("j", before, make, exact=exact)
    assert kept.get("j", after, make, exact=exact).checks == {"made": str(made)}


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
