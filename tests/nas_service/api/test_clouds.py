"""Points of a scatter, kept in memory: what is new is taken in, and nothing is read again that is there."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import pytest
from searches import Lab, spec

from nas_service.api import clouds, held, kept, searching
from nas_service.api.held import Held
from nas_service.api.point_views import Points
from nas_service.errors import NotFound, ServiceError
from nas_service.store import Job, Store, candidates, jobs
from nas_service.window import Window

CHUNKS = {"task": {"name": "landscape", "epochs": 2, "batch": 4}, "workers": {"parallel": 8}}
RUNGS = {"task": {"name": "landscape", "epochs": 4}, "early_stopping": {"factor": 2}}


@pytest.fixture
def lab(store: Store) -> Iterator[Lab]:
    made = Lab(store)
    yield made
    made.dispatcher.close()


def points(known: Held, most: int | None = None, within: Window | None = None, job_id: str = "j") -> Points:
    told = known.look(job_id, lambda one, conn, job: one.cloud.points(conn, job, most, within))
    return Points.model_validate_json(told)


@pytest.mark.parametrize("changes", [{}, CHUNKS, RUNGS], ids=["one by one", "in chunks", "in rungs"])
def test_what_was_taken_in_step_by_step_is_what_is_read_at_once(
    store: Store, lab: Lab, changes: dict[str, Any]
) -> None:
    known, sizes = Held(store), set()

    def look(job: Job) -> bool:
        sizes.add(len(points(known).id))
        return job.state in jobs.FINAL

    lab.submit(spec(40, **changes))
    lab.until(look)
    assert points(known) == points(Held(store))
    assert len(sizes) > 3


def test_a_result_of_another_job_is_taken_in(store: Store, lab: Lab) -> None:
    lab.run(spec(10))
    lab.submit(spec(10), "again")
    known = Held(store)
    assert points(known, job_id="again").id == []
    lab.finish("again")
    found = points(known, job_id="again")
    assert len(found.id) == 10
    assert found == points(Held(store), job_id="again")


def test_what_could_not_be_read_is_read_the_next_time(store: Store, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.submit(spec(20))
    lab.until(lambda job: job.completed >= 5)
    known = Held(store)
    points(known)
    lab.finish()
    with monkeypatch.context() as patched:
        patched.setattr(candidates, "evaluated", _fail)
        with pytest.raises(OSError, match="the disk"):
            points(known)
    assert points(known) == points(Held(store))


def _fail(*_: object) -> NoReturn:
    raise OSError("the disk")


def test_some_stand_for_all_and_the_front_and_the_best_are_among_them(store: Store, lab: Lab) -> None:
    lab.run(spec(120))
    known = Held(store)
    every, some = points(known), points(known, most=50)
    assert len(some.id) == 50 < len(every.id) == some.total == some.matching
    assert [some.id[place] for place in some.front] == [every.id[place] for place in every.front]
    assert max(filter(None, some.reward)) == max(filter(None, every.reward))
    columns = {name: dict(zip(every.id, getattr(every, name), strict=True)) for name in ("cost", "value", "number")}
    for name, column in columns.items():
        assert getattr(some, name) == [column[one] for one in some.id]
    assert some.number == sorted(some.number)


def test_a_window_has_what_lies_in_it_its_edge_included(store: Store, lab: Lab) -> None:
    lab.run(spec(30))
    known = Held(store)
    every = points(known)
    costs = sorted(every.cost)
    window = Window(costs[5], costs[20], 0.0, 1.0)
    found = points(known, within=window)
    assert found.id == [one for one, cost in zip(every.id, every.cost, strict=True) if costs[5] <= cost <= costs[20]]
    assert (found.total, found.matching) == (len(every.id), len(found.id))
    assert {found.id[place] for place in found.front} <= {every.id[place] for place in every.front}
    assert points(known, most=10, within=Window(-2.0, -1.0, 0.0, 1.0)).id == []


def test_an_unknown_job_is_not_held(store: Store, lab: Lab) -> None:
    known = Held(store)
    with pytest.raises(NotFound):
        points(known)
    lab.run(spec(5))
    assert len(points(known).id) == 5


def test_of_many_jobs_those_asked_for_last_are_held(store: Store, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "HELD", 8)
    known = Held(store)
    for name in ("a", "b"):
        lab.run(spec(5, seed=ord(name)), name)
        points(known, job_id=name)
    assert [*known._jobs] == ["b"]
    assert len(points(known, job_id="a").id) == 5


def test_a_window_is_four_numbers_in_order() -> None:
    assert clouds.window("1,2,0.5,1e3") == (1, 2, 0.5, 1000)
    assert clouds.window(None) is None


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "2,1,0,1", "0,1,2,1", "nan,1,0,1", "0,inf,0,1"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ServiceError, match="give four numbers"):
        clouds.window(text)


def test_numbers_have_six_significant_digits_and_unusual_ones_all() -> None:
    values = [0.1234564, -0.1234566, 123456789.0, 0.3, 1e-5 / 3, 7.0, 0.0, 5e-324, 1e300]
    expected = [0.123456, -0.123457, 123457000.0, 0.3, 3.33333e-06, 7.0, 0.0, 5e-324, 1e300]
    assert clouds._rounded(np.array(values)).tolist() == expected


def test_points_of_a_large_job_that_runs_rest_and_in_the_end_all_are_told(
    store: Store, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "LARGE", 5)
    monkeypatch.setattr(kept, "LARGE", 5)
    service: Any = SimpleNamespace(held=Held(store), kept=kept.Kept(clock=lambda: 0.0))
    lab.submit(spec(40))

    def told(job: Job, most: int | None = 100) -> int:
        return len(Points.model_validate_json(searching.points_told(service, job, most, None)).id)

    few = lab.until(lambda job: job.completed >= 2)
    assert told(few) == few.completed
    some = lab.until(lambda job: job.completed >= 5)
    assert told(some) == some.completed
    more = lab.until(lambda job: job.completed >= 20)
    assert told(more) == some.completed
    assert told(more, None) == more.completed
    assert told(lab.finish()) == 40
