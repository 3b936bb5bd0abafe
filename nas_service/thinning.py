"""A choice of points that stands for many in a picture: every place where there are some keeps one, first of all.

Points come in an order that lasts, and the plane is cut into ever finer squares that stay where they are (their sides
are powers of two). The first point of each square is chosen, beginning with the coarsest squares, until there are
enough. So an outlier, alone in its square, is kept, and a crowd is thinned evenly; and of a choice from more points, no
point is missing in favour of another old one: what the old points show only ever makes room for new ones.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FINEST = 10  # times that the smallest power of two around all values is halved
Values = NDArray[np.float64]
Places = NDArray[np.intp]


def thinned(x: Values, y: Values, most: int, kept: Places) -> Places:
    """Positions of at most `most` points, rising; those `kept` are among them, even where these alone are more.

    The ends of both axes are always kept. Where these and (2^k + 1)^2 more find room, every square of 2^-k of the
    picture, or of a little more, shows a point if it has any. O(points).
    """
    if len(x) <= most:
        return np.arange(len(x))
    chosen = np.zeros(len(x), dtype=bool)
    chosen[kept] = True
    chosen[[x.argmin(), x.argmax(), y.argmin(), y.argmax()]] = True
    columns, rows = _cells(x), _cells(y)
    for coarser in range(FINEST, -1, -1):
        if not _choose(chosen, _firsts(columns >> coarser, rows >> coarser), most):
            return np.flatnonzero(chosen)
    _choose(chosen, np.arange(len(x)), most)  # which are too close to be told apart
    return np.flatnonzero(chosen)


def _choose(chosen: NDArray[np.bool_], wanted: Places, most: int) -> bool:
    """Choose these too, or the first of them; whether there is room for all."""
    new = np.sort(wanted[~chosen[wanted]])
    room = max(0, most - int(chosen.sum()))
    chosen[new[:room]] = True
    return len(new) <= room


def _cells(values: Values) -> NDArray[np.int64]:
    """The finest squares, by their places on one axis."""
    half = float(values.max()) / 2 - float(values.min()) / 2  # the whole may be more than a float can be
    _, exponent = math.frexp(half)
    size = max(math.ldexp(1.0, exponent + 1 - FINEST), float(np.finfo(np.float64).tiny)) if half else math.inf
    return np.floor(values / size).astype(np.int64)


def _firsts(columns: NDArray[np.int64], rows: NDArray[np.int64]) -> Places:
    """The first point of each square that has any."""
    rows = rows - rows.min()
    squares = (columns - columns.min()) * (int(rows.max()) + 1) + rows
    first = np.full(int(squares.max()) + 1, len(squares))
    np.minimum.at(first, squares, np.arange(len(squares)))
    return first[first < len(squares)]
