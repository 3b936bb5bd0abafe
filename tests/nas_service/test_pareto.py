"""The front against its definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nas_service.pareto import hypervolume, pareto_front

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
