"""Fronts, crowding and the order of NSGA-II against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_service import pareto
from nas_service.pareto import crowding, fronts, growing_hypervolume, hypervolume, nsga2_order, pareto_front

Point = tuple[float, float]

coarse = st.integers(0, 6).map(float)  # few values, so that ties are common
points = st.lists(st.tuples(coarse, coarse), max_size=40)


def dominates(a: Point, b: Point) -> bool:
    return a[0] >= b[0] and a[1] <= b[1] and a != b


@given(points)
def test_the_front_is_what_nothing_dominates(given_points: list[Point]) -> None:
    front = [given_points[i] for i in pareto_front(given_points)]
    expected = {p for p in given_points if not any(dominates(q, p) for q in given_points)}
    assert set(front) == expected
    assert len(front) == len(expected)
    assert [cost for _, cost in front] == sorted(cost for _, cost in front)


@given(points)
def test_of_equal_points_the_first_stands_for_all(given_points: list[Point]) -> None:
    for i in pareto_front(given_points):
        assert given_points.index(given_points[i]) == i


@given(points)
def test_hypervolume_counts_the_unit_squares_that_something_dominates(given_points: list[Point]) -> None:
    squares = [(v, c) for v in range(1, 6) for c in range(1, 6)]  # value v - 1 to v, cost c to c + 1
    covered = sum(any(q[0] >= v and q[1] <= c for q in given_points) for v, c in squares)
    assert hypervolume([(min(v, 5), max(c, 1)) for v, c in given_points], value=0, cost=6) == covered


@given(points, coarse, coarse)
def test_a_growing_hypervolume_is_that_of_each_beginning(given_points: list[Point], value: float, cost: float) -> None:
    """Some of the points lie beyond the reference."""
    grown = growing_hypervolume(np.array(given_points).reshape(-1, 2), value, cost)
    expected = [hypervolume(given_points[: n + 1], value, cost) for n in range(len(given_points))]
    assert grown.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("rising", [1, -1])
def test_it_grows_with_a_front_that_has_every_point(rising: int) -> None:
    """Each step of it is one unit wide and one higher than the last."""
    steps = np.arange(1.0, 201)[::rising]
    grown = growing_hypervolume(np.stack([steps, steps], axis=1), 0, 201)
    assert grown[-1] == pytest.approx(200 * 201 / 2)
    assert (np.diff(grown) > 0).all()


@pytest.mark.parametrize("at_once", [1, 7, 1024])
def test_of_many_points_each_beginning_has_the_area_of_its_points(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are compared with the front at once; some lie beyond the reference, some are equal."""
    monkeypatch.setattr(pareto, "AT_ONCE", at_once)
    many = np.random.default_rng(0).integers(0, 60, (3000, 2)).astype(np.float64)
    grown = growing_hypervolume(many, 5.0, 50.0)
    for number in (1, 2, 7, 8, 100, 1024, 1025, 2048, 3000):
        assert grown[number - 1] == pytest.approx(hypervolume(many[:number], 5.0, 50.0))
    assert (np.diff(grown) >= 0).all()


populations = st.lists(st.tuples(coarse, coarse, coarse), max_size=30)


def better(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a != b and all(x >= y for x, y in zip(a, b, strict=True))


def peeled(values: list[tuple[float, ...]]) -> list[list[int]]:
    """Fronts by their definition: what nothing left dominates, again and again."""
    left, found = list(range(len(values))), []
    while left:
        found.append([i for i in left if not any(better(values[j], values[i]) for j in left)])
        left = [i for i in left if i not in found[-1]]
    return found


def room(values: list[tuple[float, ...]], i: int) -> float:
    """Crowding distance of one of a front by its definition; of equal values the earlier ones come first."""
    total = 0.0
    for axis in zip(*values, strict=True):
        order = sorted(range(len(axis)), key=lambda k: (axis[k], k))
        place = order.index(i)
        if place in (0, len(order) - 1):
            return float("inf")
        if axis[order[-1]] > axis[order[0]]:
            total += (axis[order[place + 1]] - axis[order[place - 1]]) / (axis[order[-1]] - axis[order[0]])
    return total


def array(values: list[tuple[float, ...]]) -> np.ndarray:
    return np.array(values, dtype=float).reshape(-1, 3)


@given(populations)
def test_fronts_are_peeled_one_after_another(values: list[tuple[float, ...]]) -> None:
    assert [front.tolist() for front in fronts(array(values))] == peeled(values)


@given(populations.filter(bool))
def test_crowding_is_the_gap_between_neighbours(values: list[tuple[float, ...]]) -> None:
    assert crowding(array(values)).tolist() == pytest.approx([room(values, i) for i in range(len(values))])


@given(populations)
def test_the_order_of_nsga2(values: list[tuple[float, ...]]) -> None:
    expected = []
    for front in peeled(values):
        members = [values[i] for i in front]
        gaps = crowding(array(members))
        expected += [front[i] for i in sorted(range(len(front)), key=lambda i: (-gaps[i], i))]
    assert nsga2_order(array(values)) == expected
