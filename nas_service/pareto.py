"""Pareto fronts and hypervolumes: of two axes in O(n log n), and the order of NSGA-II for any number of axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .places import Places

Values = NDArray[np.float64]
Positions = NDArray[np.intp]
AT_ONCE = 1024  # points of a list that are compared with the front before them; of the rest twice as many each time
Span = Callable[[Values], float]  # of one axis, in rising order: what its gaps are shares of


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


def hypervolume(points: Sequence[tuple[float, float]] | Values, value: float, cost: float) -> float:
    """Area that (value to maximise, cost to minimise) points dominate, down to `value` and up to `cost`.

    Of two fronts with one reference the larger area is better; points beyond the reference add nothing.
    """
    return float(hypervolumes(np.array(points, dtype=np.float64).reshape(1, -1, 2), value, cost)[0])


def hypervolumes(sets: Values, value: float, cost: float) -> Values:
    """The hypervolume of each of several sets of equal size, (sets, points, 2), with one reference."""
    order = np.argsort(sets[:, :, 1], axis=1, kind="stable")
    values, costs = (np.take_along_axis(sets[:, :, axis], order, axis=1) for axis in (0, 1))
    reached = np.maximum.accumulate(np.maximum(values, value), axis=1)
    gained = np.diff(reached, axis=1, prepend=value)
    areas: Values = (gained * np.maximum(cost - costs, 0)).sum(axis=1)
    return areas


def growing_hypervolume(points: Values, value: float, cost: float) -> Values:
    """The hypervolume of the first k + 1 of these points, (points, 2), for each k, in O(n log n).

    Of many points few are on the front when they come; the others are sorted out by many at once. The front is kept as
    places in the order of cost. A point joins it once and leaves it once, so that what is added to the area is summed
    over each step of the front at the most twice.
    """
    came = _unbeaten(points)
    gains = np.zeros(len(points))
    gains[came] = _gains(points[came], (value, cost))
    areas: Values = np.cumsum(gains)
    return areas


def _unbeaten(points: Values) -> Positions:
    """Positions of points, rising: of all that none before them is as good as, and of some others."""
    found: list[Positions] = []
    front = np.empty((0, 2))
    first, last = 0, AT_ONCE
    while first < len(points):
        costs, best = front[:, 1], np.maximum.accumulate(front[:, 0])
        place = np.searchsorted(costs, points[first:last, 1], side="right")
        beaten = np.concatenate([[-np.inf], best])[place] >= points[first:last, 0]
        found.append(first + np.flatnonzero(~beaten))
        front = np.concatenate([front, points[found[-1]]])
        front = front[np.argsort(front[:, 1], kind="stable")]
        first, last = last, 2 * last
    return np.concatenate(found or [np.empty(0, dtype=np.intp)])


def _gains(points: Values, end: tuple[float, float]) -> Values:
    """What each point adds to the area of those before it."""
    order = np.lexsort((-points[:, 0], points[:, 1]))  # by cost, the better one first; equal ones as they came
    place = np.empty(len(points), dtype=np.intp)
    place[order] = np.arange(len(points))
    values, costs = points[order, 0].tolist(), points[order, 1].tolist()
    members = Places(len(points))
    return np.array([_joined(members, at, values, costs, end) for at in place.tolist()], dtype=np.float64)


def _joined(members: Places, at: int, values: list[float], costs: list[float], end: tuple[float, float]) -> float:
    """Let a place join the front, from which those that it beats leave; the area that this adds."""
    own, lower, reached = values[at], end[0], costs[at]
    if (previous := members.before(at)) is not None:
        lower = max(lower, values[previous])
    if own <= lower or reached >= end[1]:
        return 0.0
    members.add(at)
    added, following = 0.0, members.after(at)
    while following is not None and values[following] <= own:
        added += (own - lower) * (costs[following] - reached)
        lower, reached = values[following], costs[following]
        members.discard(following)
        following = members.after(at)
    last = end[1] if following is None else costs[following]
    return added + (own - lower) * (last - reached)


def fronts(values: Values) -> list[Positions]:
    """The rows of `values` (n, axes; all to maximise) in fronts, best first; each holds positions in rising order.

    Fast non-dominated sorting of NSGA-II (doi 10.1109/4235.996017) in O(axes n^2), n^2 bytes at a time.
    """
    no_worse = np.ones((len(values), len(values)), dtype=bool)
    better = np.zeros_like(no_worse)
    for axis in values.T:
        no_worse &= axis[:, None] >= axis[None, :]
        better |= axis[:, None] > axis[None, :]
    dominates = no_worse & better
    above = dominates.sum(axis=0)
    found = []
    while (front := np.flatnonzero(above == 0)).size:
        found.append(front)
        above -= dominates[front].sum(axis=0)
        above[front] = -1
    return found


def spread(axis: Values) -> float:
    """The range of an axis in rising order, by which NSGA-II makes gaps of different axes comparable."""
    return float(axis[-1] - axis[0])


def crowding(values: Values, span: Span = spread) -> NDArray[np.float64]:
    """How much room each row of one front (n, axes) has: over the axes, the sum of the gap between its neighbours.

    Gaps are shares of the axis's `span`; the two ends of every axis have infinite room.
    """
    room = np.zeros(len(values))
    for axis in values.T:
        order = np.argsort(axis, kind="stable")
        ranked = axis[order]
        if whole := span(ranked):
            room[order[1:-1]] += (ranked[2:] - ranked[:-2]) / whole
        room[order[[0, -1]]] = np.inf
    return room


def nsga2_order(values: Values, span: Span = spread) -> list[int]:
    """Positions of the rows of `values` (n, axes; all to maximise), best first: by front, then the roomiest first."""
    order: list[int] = []
    for front in fronts(values):
        order += front[np.argsort(-crowding(values[front], span), kind="stable")].tolist()
    return order
