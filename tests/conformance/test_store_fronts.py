"""The front that is kept is the one that all results have, whatever came in which order, on both databases."""

from __future__ import annotations

import numpy as np
import pytest
from rows import add_job, add_trials
from sqlalchemy import Connection

from nas_service.pareto import pareto_front
from nas_service.store import Store, candidates, fronts
from nas_service.store.candidates import Result
from nas_service.store.invariants import _fronts_are_the_best

COUNT = 30


def result(number: int, value: float, cost: float, *, feasible: bool = True, full: bool = True) -> Result:
    return Result(f"j.c{number}", "completed", "", feasible, {}, value, cost, reward=value, full=full)


def take(conn: Connection, *results: Result) -> None:
    candidates.save(conn, results)
    fronts.take_in(conn, "j", fronts.of_job(conn, "j"), results)


@pytest.fixture
def filled(store: Store) -> Store:
    """A job with candidates that have no results."""
    with store.write() as conn:
        add_job(conn, "j")
        add_trials(conn, range(COUNT), "j")
    return store


def of_all(conn: Connection) -> list[str]:
    """The front, from all results."""
    found = candidates.points(conn, "j")
    return [found[i][0] for i in pareto_front([(value, cost) for _, value, cost in found])]


def wrong(conn: Connection) -> list[str]:
    return [what for query in _fronts_are_the_best() for _, what in conn.execute(query)]


@pytest.mark.parametrize("seed", range(8))
def test_it_is_that_of_all_results(filled: Store, seed: int) -> None:
    """Few different values, so that points are equal; candidates get new results, better and worse ones."""
    rng = np.random.default_rng(seed)
    for _ in range(40):
        drawn = [
            result(
                int(rng.integers(COUNT)),
                int(rng.integers(6)) / 5,
                float(rng.integers(6)),
                feasible=bool(rng.random() < 0.8),
                full=bool(rng.random() < 0.8),
            )
            for _ in range(int(rng.integers(1, 4)))
        ]
        with filled.write() as conn:
            take(conn, *drawn)
        with filled.read() as conn:
            assert list(fronts.of_job(conn, "j")) == of_all(conn)
            assert [one.id for one in candidates.on_front(conn, "j")] == of_all(conn)
            assert wrong(conn) == []


def test_of_equal_points_the_earlier_candidate_stands(filled: Store) -> None:
    for number in (5, 3, 4):
        with filled.write() as conn:
            take(conn, result(number, 0.5, 1.0))
    with filled.read() as conn:
        assert list(fronts.of_job(conn, "j")) == ["j.c3"]


def test_what_a_member_kept_away_comes_back_when_the_member_gets_worse(filled: Store) -> None:
    with filled.write() as conn:
        take(conn, result(0, 0.5, 2.0), result(1, 0.9, 1.0))
        assert list(fronts.of_job(conn, "j")) == ["j.c1"]
        take(conn, result(1, 0.4, 1.0))
        assert list(fronts.of_job(conn, "j")) == ["j.c1", "j.c0"]
        take(conn, result(1, 0.4, 1.0, feasible=False))
        assert list(fronts.of_job(conn, "j")) == ["j.c0"]


def test_less_than_full_fidelity_is_not_on_it(filled: Store) -> None:
    with filled.write() as conn:
        take(conn, result(0, 0.9, 1.0, full=False))
        assert list(fronts.of_job(conn, "j")) == []
