"""Pareto fronts of two axes in O(n log n)."""

from __future__ import annotations

from collections.abc import Sequence


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Positions of the non-dominated points, cheapest first.

    A point is (value to maximise, cost to minimise). Of equal points the first one stands for all.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i][1], -points[i][0], i))
    front: list[int] = []
    best = float("-inf")
    for i in order:
        if points[i][0] > best:
            front.append(i)
            best = points[i][0]
    return front


def hypervolume(points: Sequence[tuple[float, float]], value: float, cost: float) -> float:
    """Area that (value to maximise, cost to minimise) points dominate, down to `value` and up to `cost`.

    Of two fronts with one reference the larger area is better; points beyond the reference add nothing.
    """
    area, reached = 0.0, value
    for i in pareto_front(points):
        gained, left = points[i][0] - reached, cost - points[i][1]
        if gained > 0 and left > 0:
            area += gained * left
            reached = points[i][0]
    return area
